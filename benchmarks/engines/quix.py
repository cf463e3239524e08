"""The job on Quix Streams: two stateful applies with a group_by between them."""

from __future__ import annotations

import os
from typing import Any

import job
import orjson
from quixstreams import Application
from quixstreams.models import JSONDeserializer, JSONSerializer

model = job.Model()
app = Application(
    broker_address=os.environ["ENGINE_BOOTSTRAP"],
    consumer_group="engine-quix",
    auto_offset_reset="earliest",
    state_dir=os.environ["ENGINE_STATE"],
    commit_interval=1.0,
    producer_extra_config={"linger.ms": int(os.environ["ENGINE_LINGER_MS"]), "batch.size": 262_144},
    consumer_extra_config={"fetch.min.bytes": 1, "session.timeout.ms": 10_000},
    loglevel="WARNING",
)
fast_json = {
    "value_deserializer": JSONDeserializer(loads=orjson.loads),
    "value_serializer": JSONSerializer(dumps=orjson.dumps),
}
payments = app.topic("transactions", key_deserializer="str", value_deserializer="bytes")
decisions = app.topic("quix-decisions", key_serializer="bytes", value_serializer="bytes")


def payer(payment: dict[str, Any], state: Any) -> dict[str, Any]:
    """Keep what is known of the payer."""
    known: dict[str, Any]
    kept, known = job.payer_step(state.get("kept"), payment)
    state.set("kept", kept)
    return known


def payee(payment: dict[str, Any], state: Any) -> dict[str, Any]:
    """Keep what is known of the payee."""
    known: dict[str, Any]
    kept, known = job.payee_step(state.get("kept"), payment)
    state.set("kept", kept)
    return known


flow = app.dataframe(payments).apply(job.parse).apply(payer, stateful=True)
flow = flow.group_by("payee_vpa", name="by-payee", **fast_json).apply(payee, stateful=True)
flow = flow.apply(lambda known: job.decide(known, model.one(known["row"])))
flow.to_topic(decisions)

if __name__ == "__main__":
    app.run()
