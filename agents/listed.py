"""What the lists make of scored payments: a hit of weight 100 for a blocked party, silence for an allowed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.risk import combine
from models.scoring import Score, Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agents.decided import Decided
    from agents.lists import Listing, Lists

HIGHEST_SCORE = 100


def find(lists: Lists, decided: Iterable[Decided]) -> list[Listing | None]:
    """Return what the lists say of each payment."""
    return [
        lists.find(txn.payer_vpa, txn.payee_vpa, txn.device_id, txn.event_time_ms)
        for txn in (one.transaction for one in decided)
    ]


def with_blocks(scores: Scores, listings: Sequence[Listing | None]) -> Scores:
    """Return the scores with the hits that blocked parties make; the model's probability stays what it is.

    >>> from agents.lists import Listing
    >>> scores = Scores.of([Score(0.01, 0, (), 1, "LOW", 100)])
    >>> with_blocks(scores, [Listing(("LISTED_PAYEE",), None)]).one(0).risk
    90
    >>> with_blocks(scores, [Listing((), "allow")]) is with_blocks(scores, [None]) is scores
    True
    """
    if not any(listing is not None and listing.blocked for listing in listings):
        return scores
    return Scores.of(
        [
            score if listing is None or not listing.blocked else _blocked(score, listing.blocked)
            for score, listing in zip(scores.each(), listings, strict=True)
        ]
    )


def _blocked(score: Score, hits: tuple[str, ...]) -> Score:
    rules = (*score.rules, *hits)
    return Score(score.fraud_probability, HIGHEST_SCORE, rules, *combine(score.fraud_probability, HIGHEST_SCORE))


def may_alert(listings: Sequence[Listing | None] | None, at: int) -> bool:
    """Tell whether no list keeps the payment at a place from becoming an alert; None is no lists at all."""
    return listings is None or (listing := listings[at]) is None or listing.silent is None
