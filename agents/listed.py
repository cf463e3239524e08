"""What the lists make of scored payments: a hit of weight 100 for a blocked party, silence for an allowed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.risk import combine
from models.scoring import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.lists import Listing, Lists
    from agents.work import Decided

HIGHEST_SCORE = 100


def find(lists: Lists, decided: Sequence[Decided]) -> list[Listing | None]:
    """Return what the lists say of each payment."""
    return [
        lists.find(txn.payer_vpa, txn.payee_vpa, txn.device_id, txn.event_time_ms)
        for txn in (one.transaction for one in decided)
    ]


def with_blocks(scores: Sequence[Score], listings: Sequence[Listing | None]) -> list[Score]:
    """Return the scores with the hits that blocked parties make; the model's probability stays what it is.

    >>> from agents.lists import Listing
    >>> score = Score(0.01, 0, (), 1, "LOW", 100)
    >>> with_blocks([score], [Listing(("LISTED_PAYEE",), None)])[0].risk
    90
    >>> with_blocks([score], [Listing((), "allow")]) == with_blocks([score], [None]) == [score]
    True
    """
    return [
        score if listing is None or not listing.blocked else _blocked(score, listing.blocked)
        for score, listing in zip(scores, listings, strict=True)
    ]


def _blocked(score: Score, hits: tuple[str, ...]) -> Score:
    rules = (*score.rules, *hits)
    return Score(score.fraud_probability, HIGHEST_SCORE, rules, *combine(score.fraud_probability, HIGHEST_SCORE))
