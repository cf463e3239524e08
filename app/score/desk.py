"""Takes a payment to the stream and comes back with its verdict; the same payment asked again has the first one.

```
asked ─► known here? ─► seen by the account? ──no──► wait at `decisions`, send to `transactions` ─► decision ─┐
             │                    └──yes──► find its decision in the log ────────────────────────────────────┴─► budget
             └─► the first verdict                                                                    admitted?
```

What is decided goes on when a client's time is over: the verdict is there when it asks again. A payment sent twice is
counted once, by its id, in the payer's stage; that it was sent by another worker before, or before a restart, is found
out from the account or from the log.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from app.score.admissions import Admission
from app.score.verdict import Verdict
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.score.earlier import Earlier
    from app.score.payment import Asked
    from app.score.tail import VerdictTail, Waiter

KEPT_MAX = 10_000
IN_FLIGHT_MAX = 2_000
#: How long a payment is followed after its client has gone.
DECIDE_S = 60.0
#: Where the account could not be asked, a decision that takes longer may have been made before.
LOOK_BACK_AFTER_S = 0.15
#: A payment that its account knows, without a decision in the log, is decided within so long.
BEING_DECIDED_S = 2.0


class Overloaded(Exception):  # noqa: N818 - names the state of affairs; it is answered 503
    """More payments wait for their verdicts than are kept track of."""


class Forgotten(Exception):  # noqa: N818 - as above; it is answered 409
    """The payment was counted before, but its decision is out of reach."""


class Conflict(Exception):  # noqa: N818 - as above; it is answered 409
    """Another payment has this id."""


class Outside(Protocol):
    """What the desk needs of the deployment."""

    async def send(self, partition: int, key: bytes, value: bytes) -> int: ...
    def seen_before(self, partition: int, asked: Asked) -> bool | None: ...
    async def admission(self, decision: dict[str, Any]) -> Admission | None: ...


@dataclass(slots=True)
class _Entry:
    asked: Asked
    task: asyncio.Task[Verdict] | None
    verdict: Verdict | None = None


class Desk:
    """The verdicts of one worker; `partition_of` says where a payer's payments go."""

    def __init__(
        self, outside: Outside, tail: VerdictTail, earlier: Earlier, partition_of: Callable[[str], int]
    ) -> None:
        self._outside = outside
        self._tail = tail
        self._earlier = earlier
        self._partition_of = partition_of
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._in_flight = 0

    async def score(self, asked: Asked, timeout_s: float) -> Verdict:
        """Return the verdict on a payment; TimeoutError where it is not there in time, and goes on being made."""
        entry = self._entries.get(asked.identity)
        if entry is None:
            entry = self._begin(asked)
        elif not asked.repeats(entry.asked):
            raise Conflict
        if entry.verdict is not None:
            return entry.verdict
        assert entry.task is not None  # noqa: S101 - an entry has one or the other
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(entry.task)

    async def stop(self) -> None:
        """End what is under way: the payments are in the stream, or were never sent."""
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, asked: Asked) -> _Entry:
        if self._in_flight >= IN_FLIGHT_MAX:
            raise Overloaded
        self._in_flight += 1
        task = asyncio.create_task(self._decide(asked), name="score")
        entry = self._entries[asked.identity] = _Entry(asked, task)
        task.add_done_callback(lambda done: self._ended(entry, done))
        return entry

    def _ended(self, entry: _Entry, task: asyncio.Task[Verdict]) -> None:
        self._in_flight -= 1
        entry.task = None
        if task.cancelled() or task.exception() is not None:
            self._entries.pop(entry.asked.identity, None)
            return
        entry.verdict = task.result()
        self._entries.move_to_end(entry.asked.identity)  # what is under way stays in front, and is not dropped
        while len(self._entries) - self._in_flight > KEPT_MAX:
            oldest = next(identity for identity, kept in self._entries.items() if kept.task is None)
            del self._entries[oldest]

    async def _decide(self, asked: Asked) -> Verdict:
        async with asyncio.timeout(DECIDE_S):
            partition = self._partition_of(asked.transaction.payer_vpa)
            seen = self._outside.seen_before(partition, asked)
            decision = await self._found(partition, asked) if seen else await self._made(partition, asked, seen)
            admission = await self._outside.admission(decision)
            if admission is None:
                alert = await self._earlier.alert(partition, _key(asked), asked.transaction.transaction_id)
                threshold = None if alert is None else alert["budget"]["threshold"]
                admission = Admission(alert is not None, threshold)
        return Verdict.of(decision, should_alert=admission.should_alert, threshold=admission.threshold)

    async def _made(self, partition: int, asked: Asked, seen: bool | None) -> dict[str, Any]:
        """Send the payment and return its decision."""
        waiter = await self._tail.expect(partition, _key(asked), asked.transaction.transaction_id)
        try:
            waiter.sent(await self._outside.send(partition, _key(asked), asked.value))
            outcome = await self._outcome(waiter, self._looked_back(partition, asked) if seen is None else None)
        finally:
            self._tail.forget(waiter)
        reason = outcome.get("reason")
        if reason == "conflicting_duplicate":
            return await self._found(partition, asked)
        if reason is not None:
            raise RejectedTransaction(reason, outcome["detail"])
        return outcome

    async def _outcome(self, waiter: Waiter, looking_back: Awaitable[dict[str, Any]] | None) -> dict[str, Any]:
        if looking_back is None:
            return await waiter.future
        search = asyncio.ensure_future(looking_back)
        try:
            await asyncio.wait({waiter.future, search}, return_when=asyncio.FIRST_COMPLETED)
            return search.result() if search.done() and not waiter.future.done() else waiter.future.result()
        finally:
            search.cancel()

    async def _looked_back(self, partition: int, asked: Asked) -> dict[str, Any]:
        """Return an earlier decision, looked for when this one takes long; never returns without one."""
        await asyncio.sleep(LOOK_BACK_AFTER_S)
        found = await self._earlier.decision(partition, _key(asked), asked.transaction.transaction_id)
        return found if found is not None else await asyncio.get_running_loop().create_future()

    async def _found(self, partition: int, asked: Asked) -> dict[str, Any]:
        """Return the decision on a payment that was counted before, or is just being decided."""
        waiter = await self._tail.expect(partition, _key(asked), asked.transaction.transaction_id)
        try:
            found = await self._earlier.decision(partition, _key(asked), asked.transaction.transaction_id)
            if found is None:
                found = await asyncio.wait_for(waiter.future, BEING_DECIDED_S)
        except TimeoutError as exc:
            raise Forgotten from exc
        finally:
            self._tail.forget(waiter)
        same_amount = round(found["amount"] * 100) == asked.transaction.amount_paise
        if found["payee_vpa"] != asked.transaction.payee_vpa or not same_amount:
            raise Conflict
        return found


def _key(asked: Asked) -> bytes:
    return asked.transaction.payer_vpa.encode()
