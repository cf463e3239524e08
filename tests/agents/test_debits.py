"""A payment reaches two accounts: its payee's, and as a debit what its payer's own account is as a payee."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.bundle import Debit, Item, Kind, decode_bundle
from agents.bundling import BUNDLE_ITEMS_MAX
from agents.controlled import Controlled
from agents.payee import PayeeLogic
from agents.payer import PayerLogic
from features.murmur import murmur2
from features.vector import feature_index
from models.scoring import Scorer
from rules import load_rules
from tests.agents.stages import T0_MS, DictTable, Record, payment, run

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORER = Scorer(load_rules(Path("rules/rules.yaml")), None)
_LONG_NAME = "a" * 240 + "@x"
_NAMES = ("a@x", "b@x", "a1@x", "a2@x", "a3@x", "a9@x", "b1@x", "b2@x", _LONG_NAME)
_LIVES = {murmur2(name.encode()): ord(name[0]) - ord("a") for name in _NAMES}
MINUTE_MS = 60_000


def homes(hashes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return who lives where as a payee: the first letter says it."""
    return np.array([_LIVES[hashed] for hashed in hashes.tolist()], np.int64)


def paid(number: int, payer: str, payee: str, **fields: Any) -> Record:
    """Return a payment a minute after the one before."""
    value = payment(number, payer_vpa=payer, payee_vpa=payee, event_time=T0_MS + number * MINUTE_MS, **fields)
    return Record(number, value, timestamp=T0_MS + number * MINUTE_MS)


async def bundled(records: list[Record]) -> list[tuple[int, Record]]:
    """Return payee partition and bundle, as a record of that partition, of what the payer stage puts out."""
    table = DictTable()
    outputs = await run(PayerLogic(0, table, Aligner(lambda: 0.0), homes), table, records)
    sent = [output for output in outputs if output.topic == "transactions-by-payee"]
    return [(output.partition, Record(at, output.value)) for at, output in enumerate(sent)]


def items(bundles: list[tuple[int, Record]]) -> dict[int, list[Item]]:
    """Return the items by payee partition."""
    found: dict[int, list[Item]] = {}
    for partition, record in bundles:
        assert record.value is not None
        found.setdefault(partition, []).extend(decode_bundle(record.value).items())
    return found


async def decide(table: DictTable, records: list[Record], partition: int = 0) -> list[dict[str, Any]]:
    """Return the decisions of a payee stage that has this table."""
    outputs = await run(PayeeLogic(partition, table, Controlled.fixed(SCORER)), table, records)
    return [json.loads(output.value) for output in outputs if output.topic == "decisions"]


def feature(decision: dict[str, Any], name: str) -> float | None:
    """Return one feature of a decision."""
    value: float | None = decision["features"][feature_index(name)]
    return value


async def test_a_payment_is_told_where_its_payer_is_a_payee() -> None:
    """To the payee's partition whole, to the payer's own as time and amount, both with the payment's offset."""
    found = items(await bundled([paid(3, "a@x", "b@x", amount=12.5)]))

    (credit,), (debit,) = found[1], found[0]
    assert (credit.offset, credit.kind, credit.both) == (3, Kind.PAYMENT, False)
    assert (debit.offset, debit.kind, debit.features) == (3, Kind.DEBIT, [])
    assert debit.content == Debit("a@x", T0_MS + 3 * MINUTE_MS, 1250)


async def test_where_both_accounts_are_of_one_partition_there_is_one_item() -> None:
    """An offset comes once in a partition: what is skipped by offset is skipped whole."""
    found = items(await bundled([paid(0, "a1@x", "a2@x")]))

    assert [(item.offset, item.kind, item.both) for item in found[0]] == [(0, Kind.PAYMENT, True)]
    assert list(found) == [0]


async def test_what_failed_or_came_before_takes_no_money() -> None:
    """A failed payment has no debit, and a repeat has nothing at all."""
    records = [paid(0, "a@x", "b@x", status="FAILED"), paid(1, "a@x", "b@x")]
    found = items(await bundled([*records, Record(2, records[1].value, timestamp=records[1].timestamp)]))

    assert [item.offset for item in found[1]] == [0, 1]
    assert [item.offset for item in found[0]] == [1]


async def test_long_names_come_through() -> None:
    """A VPA may be 255 characters long."""
    name = _LONG_NAME
    (debit,) = items(await bundled([paid(0, name, "b@x")]))[0]

    assert isinstance(debit.content, Debit)
    assert debit.content.payer_vpa == name


@pytest.mark.parametrize("other", ["b@x", "a9@x"])
async def test_a_payee_that_passes_money_on_is_known_by_it(other: str) -> None:
    """It is paid, pays on within minutes, and is paid again: whichever partition the money goes to."""
    records = [
        paid(0, "b1@x", "a@x", amount=1000),
        paid(1, "a@x", other, amount=600),
        paid(3, "a@x", other, amount=300),
        paid(5, "b2@x", "a@x", amount=500),
    ]
    sent = [record for partition, record in await bundled(records) if partition == 0]
    last = (await decide(DictTable(), sent))[-1]

    assert feature(last, "payee_debit_count_24h") == 2
    assert feature(last, "payee_passed_on_share_24h") == pytest.approx(0.9)
    assert feature(last, "payee_passed_on_since_last") == pytest.approx(0.9)
    assert feature(last, "payee_shortest_stay_7d") == 60


async def test_an_account_that_only_pays_has_no_state_as_a_payee() -> None:
    """Nothing is kept of it, and nothing written."""
    sent = [record for partition, record in await bundled([paid(0, "a@x", "b@x")]) if partition == 0]
    table = DictTable()

    assert await decide(table, sent) == []
    assert table.states == {}


@settings(deadline=None)
@given(st.data())
async def test_debits_are_folded_once_however_bundles_are_cut(data: st.DataObject) -> None:
    """A payer stage that begins anew cuts other bundles; a payee stage that died skips what it has, item by item."""
    accounts = ["a1@x", "a2@x", "a3@x", "b@x"]
    count = data.draw(st.integers(1, 30))
    pairs = [(data.draw(st.sampled_from(accounts)), data.draw(st.sampled_from(accounts))) for _ in range(count)]
    records = [paid(number, *pair) for number, pair in enumerate(pairs)]
    cut, again_from = data.draw(st.integers(0, count)), data.draw(st.integers(0, count))

    async def of(*parts: list[Record]) -> list[Record]:
        """Return the bundles of partition 0 of a payer stage that takes one part after the other."""
        table, sent = DictTable(), []
        logic = PayerLogic(0, table, Aligner(lambda: 0.0), homes)
        for part in parts:
            sent += [o for o in await run(logic, table, part) if o.topic == "transactions-by-payee"]
        return [Record(at, output.value) for at, output in enumerate(sent) if output.partition == 0]

    whole, pieces = await of(records), await of(records[:cut], records[cut:])
    once, twice = DictTable(), DictTable()
    decided = await decide(once, whole)
    log = [*pieces[:again_from], *whole]
    log = [Record(at, record.value) for at, record in enumerate(log)]
    got = await decide(twice, log[: len(pieces[:again_from])])
    got += await decide(twice, log)

    assert [one["features"] for one in decided] == [one["features"] for one in got]
    assert once.states == twice.states


async def test_a_bundle_is_never_longer_than_it_may_be() -> None:
    """Debits count as items."""
    records = [paid(number, "a@x" if number % 2 else "b@x", "b@x" if number % 2 else "a@x") for number in range(400)]
    lengths = [len(decode_bundle(record.value or b"").offsets) for _, record in await bundled(records)]

    assert sum(lengths) == 800
    assert max(lengths) <= BUNDLE_ITEMS_MAX
