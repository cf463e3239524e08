"""The load of a trial: payments of few accounts, repeats, conflicts, late and disordered ones, verdicts and garbage.

What each record is, is known by construction and stands in a header that workers ignore: the audit need not parse as
they do. No account gets more payments than windows hold exactly, so that a list scan is the whole truth.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.plan import Plan

EXPECT = "chaos-expect"
GOOD, BAD = b"good", b"bad"
DAY_MS = 86_400_000
SPAN_DAYS = 60
ACCOUNTS = 400
PER_ACCOUNT_MAX = 230
VERDICTS_PER_ACCOUNT_MAX = 12
RECENT = 400


class Load:
    """Makes and sends the records of one trial; `sent` counts them."""

    def __init__(self, plan: Plan, bootstrap: str, prefix: str) -> None:
        self.dice = random.Random(plan.seed ^ 0x10AD)
        self.plan = plan
        self.prefix = prefix
        self.sent = 0
        self._bootstrap = bootstrap
        self._counts: dict[str, int] = {}
        self._verdicts: dict[str, int] = {}
        self._recent: list[dict[str, Any]] = []
        self._number = 0
        self._began_ms = int(time.time() * 1000) - (SPAN_DAYS * DAY_MS if plan.pace > 1 else 60_000)
        self._clock_ms = float(self._began_ms)

    async def run(self, enough: asyncio.Event) -> None:
        """Send at the plan's rate until there were enough payments and `enough` is set."""
        await self._send_while(lambda: self.sent < self.plan.payments_min or not enough.is_set())

    async def run_more(self, count: int) -> None:
        """Send as many records more."""
        end = self.sent + count
        await self._send_while(lambda: self.sent < end)

    async def _send_while(self, going_on: Callable[[], bool]) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            compression_type=self.plan.compression,
            max_request_size=12 * 1024 * 1024,
            request_timeout_ms=300_000,  # longer than any fault keeps Kafka away, on a machine that is busy with others
            linger_ms=5,
        )
        await producer.start()
        try:
            began, before = time.monotonic(), self.sent
            while going_on():
                due = int((time.monotonic() - began) * self.plan.rate) - (self.sent - before)
                for _ in range(min(due, 200) if not self.plan.backlog else 200):
                    await self.send_one(producer)
                await asyncio.sleep(0.01)
            await producer.flush()
        finally:
            await producer.stop()

    async def send_one(self, producer: AIOKafkaProducer) -> None:
        """Send one record of some kind."""
        self._clock_ms += self.dice.expovariate(1) * 1000 * self.plan.pace / self.plan.rate
        chance = self.dice.random()
        if chance < 0.03:
            await self._send_garbage(producer)
        elif chance < 0.05 and self._recent:
            await self._send_verdict(producer)
        elif chance < 0.09 and self._recent:
            await self._send_again(producer)
        else:
            await self._send_payment(producer)
        self.sent += 1

    def now_ms(self) -> int:
        """Return the load's own time: it never passes the wall clock, which brokers hold it to."""
        return min(int(self._clock_ms), int(time.time() * 1000))

    async def _send_payment(self, producer: AIOKafkaProducer) -> None:
        payment = self._payment()
        if payment is None:
            return
        self._recent.append(payment)
        del self._recent[:-RECENT]
        await self._put(producer, payment)

    def _account(self, side: str) -> str | None:
        for _ in range(20):
            name = f"{side}{int(self.dice.paretovariate(0.6)) % ACCOUNTS}@x"
            if self._counts.get(name, 0) < PER_ACCOUNT_MAX:
                self._counts[name] = self._counts.get(name, 0) + 1
                return name
        return f"{side}new{self._number}@x"

    def _payment(self) -> dict[str, Any] | None:
        dice = self.dice
        payer, payee = self._account("r"), self._account("e")
        self._number += 1
        behind = 0
        chance = dice.random()
        if chance < 0.02:
            behind = int(dice.choice((10, 600, 7_200, 90_000, 500_000)) * 1000 * dice.random())
        elif chance < 0.023:
            behind = int(dice.uniform(31, 60) * DAY_MS)
        payment = {
            "transaction_id": f"t{self.plan.seed}-{self._number}",
            "event_time": self.now_ms() - behind,
            "amount": dice.choice((1, 5.5, 100, 499.99, 2_000, 9_999.01, 75_000)),
            "payer_vpa": payer,
            "payee_vpa": payee,
        }
        for name, values in (
            ("device_id", ("d1", "d2", "d3")),
            ("payee_type", ("PERSON", "ENTITY")),
            ("txn_type", ("PAY", "COLLECT")),
            ("status", ("SUCCESS", "FAILED")),
        ):
            if dice.random() < 0.5:
                payment[name] = dice.choice(values)
        return payment

    async def _send_again(self, producer: AIOKafkaProducer) -> None:
        """Send a payment again, sometimes with another amount under its id."""
        payment = dict(self.dice.choice(self._recent))
        if self.dice.random() < 0.3:
            payment["amount"] = payment["amount"] + 1
        await self._put(producer, payment)

    async def _put(self, producer: AIOKafkaProducer, payment: dict[str, Any]) -> None:
        """Send a good record in one of the forms that mean the same."""
        dice, form = self.dice, dict(payment)
        # A key that is not the payer's: its partition decides where the state lives, so a repeat must carry it too.
        key = b"somebody-else@x" if payment["event_time"] % 97 == 0 else payment["payer_vpa"].encode()
        timestamp = max(self.now_ms(), payment["event_time"])
        chance = dice.random()
        if chance < 0.05:
            form["event_time"] = datetime.fromtimestamp(payment["event_time"] / 1000, UTC).isoformat(
                "T", "milliseconds"
            )
        elif chance < 0.1:
            form["amount"] = f"{payment['amount']:.2f}"
        elif chance < 0.13:
            form["payer_vpa"], form["remark"] = payment["payer_vpa"].upper(), "x" * dice.choice((1, 1_000, 50_000))
        elif chance < 0.16:
            timestamp += int(dice.uniform(-3, 0.5) * 3_600_000)  # the producer's clock jumped
            timestamp = max(timestamp, payment["event_time"] - 200_000)
            timestamp = min(timestamp, int(time.time() * 1000) + 1_800_000)
        await self._send(producer, "transactions", json.dumps(form).encode(), key, timestamp, GOOD)

    async def _send_verdict(self, producer: AIOKafkaProducer) -> None:
        payment = self.dice.choice(self._recent)
        for side in ("payer_vpa", "payee_vpa"):
            name = payment[side]
            if self._verdicts.get(name, 0) >= VERDICTS_PER_ACCOUNT_MAX:
                return
            self._verdicts[name] = self._verdicts.get(name, 0) + 1
        fields = ("transaction_id", "event_time", "amount", "payer_vpa", "payee_vpa")
        verdict = {name: payment[name] for name in fields}
        verdict["is_fraud"] = self.dice.random() < 0.8
        verdict["label_time"] = self.now_ms() - int(self.dice.random() * 3_600_000)
        verdict["source"] = "bank"
        value, key = json.dumps(verdict).encode(), payment["payer_vpa"].encode()
        for _ in range(self.dice.choice((1, 1, 2))):
            await self._send(producer, "labels", value, key, self.now_ms(), GOOD)

    async def _send_garbage(self, producer: AIOKafkaProducer) -> None:
        dice = self.dice
        good = self._payment()
        assert good is not None
        text = json.dumps(good).encode()
        value: bytes | None = dice.choice(
            (
                None,
                b"",
                b"\xff\xfe\x00garbage",
                text[: len(text) // 2],
                b"[" * 50_000,
                b"[1, 2]",
                b"null",
                json.dumps({**good, "amount": -1}).encode(),
                json.dumps({**good, "amount": "NaN"}).encode(),
                json.dumps({**good, "payer_vpa": "nobody"}).encode(),
                json.dumps({**good, "event_time": self.now_ms() + 30 * DAY_MS}).encode(),
                json.dumps({**good, "event_time": "soon"}).encode(),
                json.dumps({name: good[name] for name in good if name != "payee_vpa"}).encode(),
                json.dumps({**good, "transaction_id": "x" * 65}).encode(),
                text.replace(b"payer_vpa", b"payer_vpa\xff"),
                b'{"big": "' + b"x" * 2_000_000 + b'"}',
            )
        )
        if dice.random() < 0.01:
            value = b"x" * 10_000_000
        topic = dice.choice(("transactions", "transactions", "transactions", "labels"))
        anything = dice.randbytes(dice.choice((1, 40, 300_000)))
        key = dice.choice((None if value else b"", b"r1@x", anything))
        await self._send(producer, topic, value, key, self.now_ms(), BAD)

    async def _send(  # noqa: PLR0917 - one record, in Kafka's order
        self,
        producer: AIOKafkaProducer,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        timestamp: int,
        what: bytes,
    ) -> None:
        await producer.send(self.prefix + topic, value=value, key=key, timestamp_ms=timestamp, headers=[(EXPECT, what)])
