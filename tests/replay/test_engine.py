"""The replayed past: rows equal a naive scan of all accounts, repeats change nothing, scores come in order."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import DAY_MS
from features.transaction import Transaction, Verdict
from features.vector import FEATURE_COUNT, feature_index
from models.scoring import Score, Scorer
from replay.engine import BATCH_ROWS, Replay
from rules.parse import DEFAULT_RULES, load_rules
from tests.features.comparing import assert_same
from tests.features.oracle import DAY, HOUR, NaiveAccount
from tests.features.worlds import START, payment


@st.composite
def worlds(draw: st.DrawFn) -> list[Transaction]:
    """Draw payments among a few accounts, each both payer and payee, in event-time order."""
    accounts = st.sampled_from(["a@x", "b@x", "c@x", "d@x"])
    time_ms, world = START, []
    for number in range(draw(st.integers(1, 30))):
        time_ms += draw(st.sampled_from([0, 1, 1000, HOUR, DAY, 8 * DAY]))
        amount = draw(st.integers(1, 10**7))
        device = draw(st.sampled_from([None, "d1", "d2"]))
        status = draw(st.sampled_from([None, "SUCCESS", "FAILED"]))
        world.append(Transaction(f"t{number}", time_ms, amount, draw(accounts), draw(accounts), device, status=status))
    return world


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_a_row_is_what_both_accounts_knew_before(world: list[Transaction]) -> None:
    """The payer's features, then the payee's, each as a list scanned from end to end has them."""
    payers: defaultdict[str, NaiveAccount] = defaultdict(lambda: NaiveAccount("payer"))
    payees: defaultdict[str, NaiveAccount] = defaultdict(lambda: NaiveAccount("payee"))
    for txn, row in Replay().rows(world):
        payer, payee = payers[txn.payer_vpa], payees[txn.payee_vpa]

        assert_same("both", payer.read(txn) + payee.read(txn), row.tolist())

        payer.fold(txn)
        payee.fold(txn)
        if txn.status != "FAILED":
            payees[txn.payer_vpa].fold_debit(txn)
        assert len(row) == FEATURE_COUNT


@settings(max_examples=25, deadline=None)
@given(worlds(), st.data())
def test_repeats_and_conflicts_leave_no_trace(world: list[Transaction], data: st.DataObject) -> None:
    """A payment that comes again, alike or changed, yields no row and changes none."""
    disturbed: list[Transaction] = []
    for number, txn in enumerate(world):
        disturbed.append(txn)
        # An account that paid nothing for 31 days has forgotten its ids, as it has everything but its stub.
        recent = [old for old in world[: number + 1] if txn.event_time_ms - old.event_time_ms < 30 * DAY_MS]
        again = data.draw(st.sampled_from(recent))
        disturbed += [again, msgspec.structs.replace(again, amount_paise=again.amount_paise + 1)]
    replay = Replay()
    rows = [row for _, row in replay.rows(disturbed)]

    np.testing.assert_array_equal([row for _, row in Replay().rows(world)], rows)
    assert (replay.duplicates, replay.conflicts) == (len(world), len(world))


def test_verdicts_are_features_of_both_accounts() -> None:
    """From their label time on, of the payer and of the payee."""
    verdict = Verdict("t1", START, 50_000, "me@x", "shop@y", is_fraud=True, label_time_ms=START + DAY, source="bank")
    replay = Replay()
    rows = [row for _, row in replay.rows([payment(1), verdict, payment(2, START + DAY), payment(3, START + DAY + 1)])]

    for side in ("payer", "payee"):
        assert [row[feature_index(f"{side}_fraud_verdicts_30d")] for row in rows] == [0, 0, 1]


class CountingScorer(Scorer):
    """Scores a row by its amount and remembers how many rows it was given at once."""

    def __init__(self) -> None:
        super().__init__(load_rules(DEFAULT_RULES), None)
        self.batches: list[int] = []

    def score(self, rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[Score]:
        self.batches.append(len(rows))
        return [Score(None, 0, (), int(row[0]), "LOW", 0) for row in rows]


def test_scores_come_in_batches_and_in_order() -> None:
    """Each payment has the score of its own row, also in the last, partial batch."""
    world = [payment(number, START + number, 100 * (number + 1)) for number in range(2 * BATCH_ROWS + 7)]
    scorer = CountingScorer()
    decided = list(Replay().decisions(world, scorer))

    assert scorer.batches == [BATCH_ROWS, BATCH_ROWS, 7]
    assert [one.transaction for one in decided] == world
    assert [one.score.risk for one in decided] == [number + 1 for number in range(len(world))]


def test_a_replay_goes_on_where_it_was() -> None:
    """Two halves through one Replay give the rows of the whole."""
    world = [payment(number, START + number * HOUR) for number in range(20)]
    replay = Replay()
    halves = [row for part in (world[:9], world[9:]) for _, row in replay.rows(part)]

    np.testing.assert_array_equal([row for _, row in Replay().rows(world)], halves)


def test_an_empty_history_has_no_decisions() -> None:
    """Nothing in, nothing out, and the scorer is not asked."""
    scorer = CountingScorer()

    assert list(Replay().decisions([], scorer)) == []
    assert scorer.batches == []
    with pytest.raises(StopIteration):
        next(Replay().rows([]))
