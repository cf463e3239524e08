"""Decides the payments on standard input, one a line, in their order and without an engine: for check.py to compare."""

from __future__ import annotations

import sys

import job

payers: dict[str, job.State] = {}
payees: dict[str, job.State] = {}
model = job.Model()
for line in sys.stdin.buffer:
    payment = job.parse(line)
    payer, payee = payment["payer_vpa"], payment["payee_vpa"]
    payers[payer], known = job.payer_step(payers.get(payer), payment)
    payees[payee], complete = job.payee_step(payees.get(payee), known)
    sys.stdout.buffer.write(job.decide(complete, model.one(complete["row"])) + b"\n")
