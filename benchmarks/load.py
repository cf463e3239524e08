"""A seeded load of realistic skew, made fast: payments as JSON, keyed by payer, in the order of their Kafka timestamps.

50,000 payers of very different habits pay 20,000 payees. A payer pays half of the time one of five payees of its own;
the rest follows a Zipf-like list headed by a whale. Every few seconds 200 payers pay one person within ten seconds, and
an account is emptied in a dozen large payments. It is a stream of `rate` payments a second, whenever it is replayed.

Seed and plan give the same bytes, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.skew import cumulative, draw, payee_weights, payer_weights
from simulator.murmur import murmur2_positive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CHUNK = 20_000
_IST_MS = 19_800_000
_FAVOURITES = 5
_WHALE_SHARE = 0.05
_BURST_EVERY_S, _BURST_PAYMENTS, _BURST_S = 10, 200, 10
_THEFT_EVERY_S, _THEFT_PAYMENTS, _THEFT_S = 5, 12, 60
_RUPEES_MAX = 100_000
_PLACES = ("Mumbai", "Delhi", "Bengaluru", "Kolkata", "Chennai", "Hyderabad", "Pune", "Kanpur", "Kochi", "Indore")
_HANDLES = ("okaxis", "ybl", "okicici", "paytm", "upi", "ibl", "oksbi")
_APPS = ("PhonePe", "GPay", "Paytm", "BHIM")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make; `first_ms` is the Kafka timestamp of the first payment."""

    transactions: int
    first_ms: int
    rate: float = 8_000.0
    payers: int = 50_000
    payees: int = 20_000
    whale_share: float = _WHALE_SHARE
    seed: int = 1
    sweep: bool = False
    """Take payers and payees in turn, so that each account is seen before any is seen twice."""


class Payments(NamedTuple):
    """Consecutive payments: record keys, murmur2 of the keys, values and Kafka timestamps."""

    keys: list[bytes]
    hashes: list[int]
    values: list[bytes]
    stamps_ms: list[int]


class _Columns(NamedTuple):
    """What was drawn for consecutive payments."""

    payers: NDArray[np.int64]
    payees: NDArray[np.int64]
    paise: NDArray[np.int64]
    times: list[str]
    failed: NDArray[np.bool_]


class World:
    """Who pays whom: accounts with their weights, and the part of a payment's JSON that each of them brings."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        rng = np.random.default_rng([plan.seed, 0])
        self.payer_cumulative = cumulative(payer_weights(rng, plan.payers))
        self.payee_cumulative = cumulative(payee_weights(plan.payees, plan.whale_share))
        self.favourites = draw(rng, self.payee_cumulative, (plan.payers, _FAVOURITES))
        self.payer_keys = [f"payer{number}@{_HANDLES[number % 7]}".encode() for number in range(plan.payers)]
        self.payer_hashes = murmur2_positive(self.payer_keys).tolist()
        self._payer_json = [self._payer(number) for number in range(plan.payers)]
        self._payee_json = [self._payee(number) for number in range(plan.payees)]

    def payments(self) -> Iterator[Payments]:
        """Yield the payments of the plan, `CHUNK` at a time."""
        for begin in range(0, self.plan.transactions, CHUNK):
            yield self._chunk(begin, min(begin + CHUNK, self.plan.transactions))

    def _chunk(self, begin: int, end: int) -> Payments:
        plan, count = self.plan, end - begin
        rng = np.random.default_rng([plan.seed, 1, begin])
        index = np.arange(begin, end)
        stamps = plan.first_ms + (index * (1000.0 / plan.rate)).astype(np.int64)
        payers = draw(rng, self.payer_cumulative, count)
        favourite = self.favourites[payers, rng.integers(0, _FAVOURITES, count)]
        payees = np.where(rng.random(count) < 0.5, favourite, draw(rng, self.payee_cumulative, count))
        paise = np.clip(np.exp(rng.normal(10.1, 1.3, count)), 100, _RUPEES_MAX * 100).astype(np.int64)
        round_amounts = rng.random(count) < 0.3
        paise[round_amounts] = (paise[round_amounts] // 10_000 + 1) * 10_000
        if plan.sweep:
            payers, payees = index % plan.payers, index % plan.payees
        else:
            self._burst(rng, index, payees)
            self._steal(index, payers, payees, paise)
        times = _ist_text(stamps - rng.exponential(30.0, count).astype(np.int64))
        failed = rng.random(count) < 0.015
        return self._records(begin, _Columns(payers, payees, paise, times, failed), stamps.tolist())

    def _records(self, begin: int, drawn: _Columns, stamps_ms: list[int]) -> Payments:
        who = drawn.payers.tolist()
        payer_json, payee_json, seed = self._payer_json, self._payee_json, self.plan.seed
        rows = zip(who, drawn.payees.tolist(), drawn.paise.tolist(), drawn.times, drawn.failed.tolist(), strict=True)
        values = [
            (
                f'{{"transaction_id":"{transaction_id(seed, number)}","event_time":"{time}+05:30",'
                f'"amount":{amount // 100}.{amount % 100:02d},{payer_json[payer]},{payee_json[payee]},'
                f'"status":"{"FAILED" if fails else "SUCCESS"}"}}'
            ).encode()
            for number, (payer, payee, amount, time, fails) in enumerate(rows, begin)
        ]
        keys, hashes = self.payer_keys, self.payer_hashes
        return Payments([keys[payer] for payer in who], [hashes[payer] for payer in who], values, stamps_ms)

    def _burst(self, rng: np.random.Generator, index: NDArray[np.int64], payees: NDArray[np.int64]) -> None:
        """Let many pay one person: a share of the payments of each burst's seconds goes to its payee."""
        share = min(0.5, _BURST_PAYMENTS / (_BURST_S * self.plan.rate))
        burst = index // max(1, int(self.plan.rate * _BURST_EVERY_S))
        hit = rng.random(len(index)) < share
        payees[hit] = self.plan.payees // 2 + (burst[hit] * 7919) % (self.plan.payees // 2)

    def _steal(
        self,
        index: NDArray[np.int64],
        payers: NDArray[np.int64],
        payees: NDArray[np.int64],
        paise: NDArray[np.int64],
    ) -> None:
        """Empty an account now and then: a dozen large payments to strangers within a minute."""
        period = max(_THEFT_PAYMENTS, int(self.plan.rate * _THEFT_EVERY_S))
        step = max(1, int(self.plan.rate * _THEFT_S) // _THEFT_PAYMENTS)
        for turn in range(_THEFT_PAYMENTS):
            shifted = index - turn * step
            hit = (shifted >= 0) & (shifted % period == 0)
            theft = shifted[hit] // period
            payers[hit] = (theft * 104_729) % self.plan.payers
            payees[hit] = self.plan.payees // 2 + (theft * 31 + turn) % (self.plan.payees // 2)
            paise[hit] = 900_000 + 7_700 * turn

    def _payer(self, number: int) -> str:
        vpa = self.payer_keys[number].decode()
        device = f"{number * 2_654_435_761 % 2**64:016x}"
        network = f"100.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        place, name = _PLACES[number % len(_PLACES)], _APPS[number % len(_APPS)]
        return f'"payer_vpa":"{vpa}","device_id":"{device}","ip":"{network}","location":"{place}","app":"{name}"'

    def _payee(self, number: int) -> str:
        entity = number < self.plan.payees // 2
        kind, mcc = ("ENTITY", f"{5000 + number % 900}") if entity else ("PERSON", "0000")
        collect = number % 30 == 29
        mode = "COLLECT" if collect else ("QR", "INTENT", "VPA", "PHONE")[number % 4]
        vpa = f"{'shop' if entity else 'person'}{number}@{_HANDLES[number % 7]}"
        kind_json = f'"payee_type":"{kind}","mcc":"{mcc}","initiation_mode":"{mode}"'
        return f'"payee_vpa":"{vpa}",{kind_json},"txn_type":"{"COLLECT" if collect else "PAY"}"'


def transaction_id(seed: int, number: int) -> str:
    """Return the id of a load's payment; `payment_number` reads it back.

    >>> payment_number(transaction_id(3, 41))
    41
    """
    mixed = (number * 0x9E3779B97F4A7C15 + seed * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    return f"{mixed:016x}{number:08x}"


def payment_number(identifier: str) -> int:
    """Return which payment of its load an id belongs to."""
    return int(identifier[16:], 16)


def _ist_text(times_ms: NDArray[np.int64]) -> list[str]:
    texts: list[str] = np.datetime_as_string((times_ms + _IST_MS).astype("datetime64[ms]"), unit="ms").tolist()
    return texts
