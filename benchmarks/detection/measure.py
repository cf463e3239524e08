"""How well scores rank frauds, as the Handbook measures it: AUC, average precision, precision at the top 100 of a day.

By its protocol, payers already known as defrauded are out of the test set from the day that this is known: their cards
would be blocked. *Card* precision looks at the 100 payers with the highest payment of each day, and a payer found once
does not count again. *Payment* precision looks at the 100 highest payments of each day. Each stands beside its ceiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.clock import DAY_MS, IST_OFFSET_MS
from models.metrics import ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOP = 100


def day_of(column: str = "event_time") -> pl.Expr:
    """Return the Indian day of a time in ms."""
    return (pl.col(column) + IST_OFFSET_MS) // DAY_MS


def without_known(test: pl.DataFrame, history: pl.DataFrame, since_ms: int, delay_ms: int) -> pl.DataFrame:
    """Leave out payments of payers of whom a fraud since `since_ms` was known when the payment's day began."""
    frauds = history.filter((pl.col("is_fraud") == 1) & (pl.col("event_time") >= since_ms))
    known = frauds.group_by("payer_vpa").agg((pl.col("event_time").min() + delay_ms).alias("known_ms"))
    joined = test.join(known, on="payer_vpa", how="left", maintain_order="left")
    start_ms = day_of() * DAY_MS - IST_OFFSET_MS
    return joined.filter(pl.col("known_ms").is_null() | (pl.col("known_ms") > start_ms)).drop("known_ms")


def measure(test: pl.DataFrame, score: str) -> dict[str, float]:
    """Return the figures of one column of scores."""
    labels, scores = test["is_fraud"].to_numpy().astype(np.int8), test[score].to_numpy()
    found = ranking(labels, scores)
    return {**found, **_payments(test, score), **_cards(test, score)}


def _payments(test: pl.DataFrame, score: str) -> dict[str, float]:
    hits, most = [], []
    for _, day in test.group_by(day_of(), maintain_order=True):
        top = day.sort(score, descending=True, maintain_order=True).head(TOP)
        hits.append(float(top["is_fraud"].sum()) / TOP)
        most.append(min(TOP, float(day["is_fraud"].sum())) / TOP)
    return {"precision_100": _mean(hits), "precision_100_ceiling": _mean(most)}


def _cards(test: pl.DataFrame, score: str) -> dict[str, float]:
    hits, most = [], []
    found: set[str] = set()
    for _, day in test.group_by(day_of(), maintain_order=True):
        cards = day.filter(~pl.col("payer_vpa").is_in(list(found)))
        by_card = cards.group_by("payer_vpa", maintain_order=True).agg(pl.col(score).max(), pl.col("is_fraud").max())
        top = by_card.sort(score, descending=True, maintain_order=True).head(TOP).filter(pl.col("is_fraud") == 1)
        hits.append(len(top) / TOP)
        most.append(min(TOP, float(by_card["is_fraud"].sum())) / TOP)
        found |= set(top["payer_vpa"])
    return {"card_precision_100": _mean(hits), "card_precision_100_ceiling": _mean(most)}


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)


def per_scenario(test: pl.DataFrame, score: str, rate: float = 0.005) -> dict[str, Any]:
    """Return of each kind of fraud how many there are, what share is among the highest 0.5 % of each day, and more.

    AUC is that of its frauds among all honest payments; `unknown` are those to payees of which no fraud was known.
    """
    limit = (pl.len().over(day_of()) * rate).floor()
    rank = pl.col(score).rank("ordinal", descending=True).over(day_of())
    frame = test.with_columns((rank <= limit).alias("alerted"))
    honest, frauds = frame.filter(pl.col("is_fraud") == 0), frame.filter(pl.col("is_fraud") == 1)
    found = {}
    for kind in frauds["fraud_type"].unique().sort():
        those = frauds.filter(pl.col("fraud_type") == kind)
        unknown = those.filter(pl.col("payee_risk_30") == 0)
        found[kind] = {
            "frauds": len(those),
            "recall": round(float(those["alerted"].sum()) / len(those), 4),
            "auc": _auc(those, honest, score),
            "unknown": {
                "frauds": len(unknown),
                "payees": unknown["payee_vpa"].n_unique(),
                "auc": _auc(unknown, honest, score) if len(unknown) else None,
            },
        }
    return found


def _auc(frauds: pl.DataFrame, honest: pl.DataFrame, score: str) -> float:
    labels = np.repeat(np.array([1, 0], np.int8), [len(frauds), len(honest)])
    return ranking(labels, np.concatenate([frauds[score].to_numpy(), honest[score].to_numpy()]))["auc"]


def as_array(values: pl.Series) -> NDArray[np.float64]:
    """Return scores as floats, those without one at the bottom."""
    return values.cast(pl.Float64).fill_null(-1.0).to_numpy()
