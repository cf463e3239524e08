"""Takes a payment to the stream and comes back with its verdict; the same payment asked again has the first one.

```
asked ─► known here? ─► seen by the account? ──no──► send to `transactions`, wait for the decision ─┐
             │                    └──yes──► find its decision in the log ──────────────────────────┴─► budget
             └─► the first verdict                                                          admitted?
```

Where both partitions that a payment passes are open here, this worker appends its decision or rejection itself, and
knows it as soon as it is durable (`waiters`). Where one is not, or has moved meanwhile, the tail follows the logs.

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
from app.score.waiters import Awaited
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from app.score.earlier import Earlier
    from app.score.payment import Asked
    from app.score.tail import VerdictTail
    from app.score.waiters import Waiter, Waiters

KEPT_MAX = 10_000
IN_FLIGHT_MAX = 2_000
#: How long a payment is followed after its client has gone.
DECIDE_S = 60.0
#: A decision that takes longer may have been made before, where the account could not be asked, or elsewhere.
LOOK_BACK_AFTER_S = 0.15
#: The same where the account is here and does not know it: after a crash the payee's state may be ahead of the payer's.
LOOK_UNSEEN_S = 1.0
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

    async def send(self, partition: int, key: bytes, value: bytes) -> None: ...
    def seen_before(self, partition: int, asked: Asked) -> bool | None: ...
    def decided_here(self, partition: int, asked: Asked) -> object: ...
    async def admission(self, decision: dict[str, Any]) -> Admission | None: ...


@dataclass(slots=True)
class _Entry:
    asked: Asked
    task: asyncio.Task[Verdict] | None
    verdict: Verdict | None = None


class Desk:
    """The verdicts of one worker."""

    def __init__(self, outside: Outside, waiters: Waiters, tail: VerdictTail, earlier: Earlier) -> None:
        self._outside = outside
        self._waiters = waiters
        self._tail = tail
        self._earlier = earlier
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._in_flight = 0

    async def score(self, asked: Asked, partition: int, timeout_s: float) -> Verdict:
        """Return the verdict on a payment of a partition; TimeoutError where it is not there in time, but will be."""
        entry = self._entries.get(asked.identity)
        if entry is None:
            entry = self._begin(asked, partition)
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

    def _begin(self, asked: Asked, partition: int) -> _Entry:
        if self._in_flight >= IN_FLIGHT_MAX:
            raise Overloaded
        self._in_flight += 1
        task = asyncio.create_task(self._decide(asked, partition), name="score")
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

    async def _decide(self, asked: Asked, partition: int) -> Verdict:
        async with asyncio.timeout(DECIDE_S):
            seen = self._outside.seen_before(partition, asked)
            decision = await self._found(partition, asked) if seen else await self._made(partition, asked, seen)
            admission = await self._outside.admission(decision)
            if admission is None:
                alert = await self._earlier.alert(*Awaited.of(partition, asked)[:3])
                threshold = None if alert is None else alert["budget"]["threshold"]
                admission = Admission(alert is not None, threshold)
        return Verdict.of(decision, should_alert=admission.should_alert, threshold=admission.threshold)

    async def _made(self, partition: int, asked: Asked, seen: bool | None) -> dict[str, Any]:
        """Send the payment and return its decision."""
        awaited = Awaited.of(partition, asked)
        waiter = self._waiters.expect(awaited)
        try:
            here = await self._listen(waiter, asked)
            await self._outside.send(partition, awaited.key, awaited.value)
            outcome = await self._outcome(waiter, asked, here, LOOK_BACK_AFTER_S if seen is None else LOOK_UNSEEN_S)
        finally:
            self._waiters.forget(waiter)
        reason = outcome.get("reason")
        if reason == "conflicting_duplicate":
            return await self._found(partition, asked)
        if reason is not None:
            raise RejectedTransaction(reason, outcome["detail"])
        return outcome

    async def _listen(self, waiter: Waiter, asked: Asked) -> object:
        """Return what decides the payment here, and tells; where it is elsewhere, None when the tail follows."""
        here = self._outside.decided_here(waiter.awaited.partition, asked)
        if here is None:
            await self._tail.follow(waiter)
        return here

    async def _outcome(self, waiter: Waiter, asked: Asked, here: object, look_back_s: float) -> dict[str, Any]:
        """Return what the stream says of a payment that was sent, also where its partitions moved meanwhile."""
        waited_s = 0.0
        while not (await asyncio.wait({waiter.future}, timeout=LOOK_BACK_AFTER_S))[0]:
            waited_s += LOOK_BACK_AFTER_S
            moved = here is not None and self._outside.decided_here(waiter.awaited.partition, asked) != here
            if moved:
                await self._tail.follow(waiter)
            if moved or waited_s >= look_back_s:
                return await self._said_or_found(waiter)
        return waiter.future.result()

    async def _said_or_found(self, waiter: Waiter) -> dict[str, Any]:
        """Return what is said from now on, or was before."""
        search = asyncio.create_task(self._earlier.decision(*waiter.awaited[:3]))
        try:
            either: set[asyncio.Future[Any]] = {waiter.future, search}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            found = search.result() if search.done() and not waiter.future.done() else None
            return await waiter.future if found is None else found
        finally:
            search.cancel()

    async def _found(self, partition: int, asked: Asked) -> dict[str, Any]:
        """Return the decision on a payment that was counted before, or is just being decided."""
        waiter = self._waiters.expect(Awaited.of(partition, asked))
        try:
            await self._listen(waiter, asked)
            found = await self._earlier.decision(*waiter.awaited[:3])
            if found is None:
                found = await asyncio.wait_for(waiter.future, BEING_DECIDED_S)
        except TimeoutError as exc:
            raise Forgotten from exc
        finally:
            self._waiters.forget(waiter)
        same_amount = round(found["amount"] * 100) == asked.transaction.amount_paise
        if found["payee_vpa"] != asked.transaction.payee_vpa or not same_amount:
            raise Conflict
        return found
