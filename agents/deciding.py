"""Decides a part of the payee stage: rules, model and risk for all of its payments at once.

Output: one decision per payment to the payer's partition of `decisions`, and one run per payee partition to
`candidates`. Partitions that stand at one place of the `control` log are decided together: the same is in force there.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.beside import beside_json
from agents.decision import NO_MODEL, Places, decisions_json
from agents.listed import find, may_alert, with_blocks
from agents.ports import Outgoing, OutgoingMany
from agents.run import OUTSIDE_BUDGET, RUN_VERSION, Run, candidates_of, encode_run
from features.clock import DAY_MS, IST_OFFSET_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from agents.decided import Closed, Decisions
    from agents.lists import Listing
    from agents.payee import PayeeLogic
    from agents.ports import Output
    from features.evidence import Before
    from features.pieces import Pieces
    from features.transaction import Transaction
    from models.artifact import Model
    from models.scoring import Score, Scores

    OnScored = Callable[[Model, NDArray[np.float64], NDArray[np.float64]], None]


class _Lane(NamedTuple):
    """A payee partition and its payments: from `begin` to `end` among those decided together."""

    logic: PayeeLogic
    begin: int
    end: int


class Decider:
    """Decides by what is in force in each partition.

    `on_scored` is told what the model in force scored, `on_decision` each decision for the log when asked;
    `send_features` is whether decisions carry features.
    """

    def __init__(
        self,
        *,
        send_features: bool = True,
        on_decision: Callable[[Transaction, Score], None] | None = None,
        on_scored: OnScored | None = None,
    ) -> None:
        self._send_features = send_features
        self._on_decision = on_decision
        self._on_scored = on_scored

    def decide(
        self, logics: Sequence[PayeeLogic], closed: Closed, rows: NDArray[np.float64], before: Before
    ) -> list[Output]:
        """Return what is put out for the payments of `closed`; `logics` are its partitions, in its order."""
        outputs: list[Output] = []
        ends = closed.decision_ends
        lanes = map(_Lane, logics, [0, *ends[:-1]], ends)
        for _, alike in groupby(lanes, key=lambda lane: lane.logic.control.offset):
            some = list(alike)
            begin, end = some[0].begin, some[-1].end
            if begin < end:
                here = [_Lane(lane.logic, lane.begin - begin, lane.end - begin) for lane in some]
                known = before._replace(chosen=before.chosen[begin:end])
                outputs += self._decide(here, closed.decisions.some(begin, end), rows[begin:end], known)
        return outputs

    def _decide(
        self, lanes: Sequence[_Lane], decisions: Decisions, rows: NDArray[np.float64], before: Before
    ) -> list[Output]:
        control = lanes[0].logic.control
        deciding, lists = control.deciding, control.lists
        scores, model = deciding.scorer.columns(rows), deciding.scorer.model
        if self._on_scored is not None and model is not None and scores.probabilities is not None:
            self._on_scored(model, rows, scores.probabilities)
        versions = (NO_MODEL if model is None else model.version, deciding.scorer.rules.version)
        listings = find(lists, decisions.each()) if lists else None
        if listings is not None:
            scores = with_blocks(scores, listings)
        places = _places(lanes, control.offset)
        shown = rows if self._send_features else None
        values = decisions_json(
            decisions, scores, shown, versions, places, beside=beside_json(deciding, rows, listings)
        )
        if self._on_decision is not None:
            for one, score in zip(decisions.each(), scores.each(), strict=True):
                self._on_decision(one.transaction, score)
        runs = _runs(lanes, places, (decisions, rows, scores), versions, listings=listings, before=before)
        return [*_by_source(decisions, values), *runs]


def _places(lanes: Sequence[_Lane], control_offset: int) -> Places:
    counts = [lane.end - lane.begin for lane in lanes]
    firsts = [lane.logic.applied.sequence for lane in lanes]
    sequences = np.concatenate([np.arange(first, first + count) for first, count in zip(firsts, counts, strict=True)])
    return Places(np.repeat([lane.logic.partition for lane in lanes], counts), sequences, control_offset)


def _runs(
    lanes: Sequence[_Lane],
    places: Places,
    decided: tuple[Decisions, NDArray[np.float64], Scores],
    versions: tuple[str, str],
    *,
    listings: Sequence[Listing | None] | None,
    before: Before,
) -> list[Outgoing]:
    """Return what the budget is told: each payment's day and bucket, and whole what may become an alert."""
    decisions, _, scores = decided
    days = np.where(decisions.late, OUTSIDE_BUDGET, (decisions.times_ms + IST_OFFSET_MS) // DAY_MS).tolist()
    buckets = scores.buckets.tolist()
    passing: list[int] = []
    for logic, begin, end in lanes:
        counted = [day != OUTSIDE_BUDGET for day in days[begin:end]]
        passing += [begin + at for at in logic.filter.passing(buckets[begin:end], counted)]
    kept = [at for at in passing if may_alert(listings, at)]
    candidates = candidates_of(kept, places.sequences, decided, before)
    outputs = []
    for logic, begin, end in lanes:
        first = logic.applied.sequence
        own = [one for one, at in zip(candidates, kept, strict=True) if begin <= at < end]
        run = Run(RUN_VERSION, logic.partition, first, *versions, days[begin:end], buckets[begin:end], own)
        logic.applied.sequence = first + end - begin
        if begin < end:
            outputs.append(Outgoing("candidates", 0, None, encode_run(run)))
    return outputs


def _by_source(decisions: Decisions, values: Pieces) -> Iterator[OutgoingMany]:
    """Yield decisions by the partition that their payers' payments came from, keyed by the payers."""
    order = np.argsort(decisions.sources, kind="stable")
    keys, values = decisions.payer_keys().chosen(order), values.chosen(order)
    sources, begin = decisions.sources[order].tolist(), 0
    while begin < len(sources):
        end = bisect_right(sources, sources[begin], begin)
        yield OutgoingMany("decisions", sources[begin], keys.part(begin, end), values.part(begin, end))
        begin = end
