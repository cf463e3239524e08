"""The one place that knows Faust's insides: chunks instead of single events, restore in bulk, fencing on takeover.

Faust 0.15.3 costs 40 to 65 us of CPU per event before any of our logic, restores a changelog record by record, and
lets an evicted worker go on writing. This package replaces exactly these parts behind Faust's own extension points
(`TRANSPORTS`, `TableManager`, `Table`, `Store`), so that agents stay ordinary: `async for event in
stream.noack().events()`. It is pinned to the exact Faust version; `tests/transport` exercises it on a real broker.

`fetching` asks the broker, at a `pace`, for what `own_appends` did not hand on, and `topics_known` for topics that it
did not tell of; `consumer` hands over; `tables` restores and starts; `store` lets Faust's tables read what stages
wrote; `stages` is what of ours they call. `produce_request` and `produce_answer` are how all producers send, and
`produce_direct` is how a worker's rounds go past aiokafka's queues.
"""

from __future__ import annotations

import faust
from faust.stores import STORES
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from app.transport import produce_request
from app.transport.consumer import BatchConsumer

FAUST_VERSION = "0.15.3"


class Producer(driver.Producer):
    """Faust's producer, idempotent: a retried batch is not written twice and the order of a partition holds."""

    def _settings_extra(self) -> dict[str, object]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """What `kafka://` in `BROKER_URL` stands for in this process."""

    Consumer = BatchConsumer
    Producer = Producer


def register() -> None:
    """Make this transport the one behind `kafka://`; must run before the app is created."""
    if faust.__version__ != FAUST_VERSION:
        raise RuntimeError(
            f"needed Faust {FAUST_VERSION}, got {faust.__version__}: this transport knows that version's insides. Run "
            "`make setup`."
        )
    for scheme in ("kafka", "aiokafka", "kafka+ssl"):
        TRANSPORTS.aliases[scheme] = "app.transport:Transport"
    produce_request.register()
    STORES.aliases["prahari"] = "app.transport.store:StageStore"
