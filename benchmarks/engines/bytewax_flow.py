"""The job on Bytewax: stateful maps whose keys are exchanged in memory, snapshots for recovery, scoring in batches."""

from __future__ import annotations

import os
from typing import Any

import bytewax.operators as op
import job
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from confluent_kafka import OFFSET_BEGINNING

BROKERS = [os.environ["ENGINE_BOOTSTRAP"]]
model = job.Model()


def parse(batch: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Key payments by payer."""
    payments = [job.parse(message.value) for message in batch]
    return [(payment["payer_vpa"], payment) for payment in payments]


def by_payee(batch: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Key what the payer step gave by payee."""
    return [(payment["payee_vpa"], payment) for _, payment in batch]


def decide(batch: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Score a batch at once."""
    payments = [payment for _, payment in batch]
    scores = model.many([payment["row"] for payment in payments])
    return [
        KafkaSinkMessage(payment["payer_vpa"].encode(), job.decide(payment, score))
        for payment, score in zip(payments, scores, strict=True)
    ]


flow = Dataflow("engine")
source = KafkaSource(BROKERS, ["transactions"], starting_offset=OFFSET_BEGINNING, batch_size=1000)
payments = op.flat_map_batch("parse", op.input("payments", flow, source), parse)
known = op.stateful_map("payer", payments, job.payer_step)
complete = op.stateful_map("payee", op.flat_map_batch("by-payee", known, by_payee), job.payee_step)
decisions = op.flat_map_batch("decide", complete, decide)
linger = {"linger.ms": os.environ["ENGINE_LINGER_MS"]}
op.output("decisions", decisions, KafkaSink(BROKERS, "bytewax-decisions", add_config=linger))
