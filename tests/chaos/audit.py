"""Holds what a trial's workers wrote against two truths: list scans (`naive`), and the engine's own naive fold.

The first would see a wrong number that live and replay share; the second sees every byte of the final tables.
"""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rocksdict import AccessType, Options, Rdict

from agents.bundle import Kind, decode_bundle
from models.scoring import Scorer
from rules import load_rules
from tests.chaos.naive import Truth, find_truth
from tests.features.comparing import assert_same
from tests.flow import auditor
from tests.flow.deployment import RULES
from tests.flow.overdue import place_of, worked_on
from tests.topics import read_topic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos import naive

OFFSET_KEY = b"\x00offset"


class Wanted(NamedTuple):
    """What the logs of a deployment imply, told twice: by list scans, and by the engine's own naive fold."""

    truth: Truth
    expected: auditor.Expected


def wanted_of(topics: auditor.Topics, labels: list[Any]) -> Wanted:
    """Return what was to be written, from what was sent and the order it was worked in."""
    truth = find_truth(worked_on(topics.transactions, topics.bundles), labels, _order(topics.bundles))
    return Wanted(truth, auditor.expect(topics, Scorer(load_rules(RULES), None)))


def hold(topics: auditor.Topics, wanted: Wanted, rate_ppm: int) -> None:
    """Raise AssertionError with the first thing that was written wrongly."""
    _check_rejected(topics.rejected, wanted.truth)
    _check_decisions(topics.decisions, wanted.truth)
    of_payments = [record for record in topics.rejected if json.loads(record.value)["source_topic"] == "transactions"]
    auditor.check(replace(topics, rejected=of_payments), wanted.expected, rate_ppm)


async def audit(
    bootstrap: str, prefix: str, rate_ppm: int, datadirs: list[Path], *, torn: bool = False
) -> dict[str, int]:
    """Raise AssertionError with the first thing that is wrong; return what was there, in numbers.

    `torn`: directories may be damaged where nobody opened them again.
    """
    topics = await auditor.Topics.read(bootstrap, prefix)
    wanted = wanted_of(topics, await read_topic(bootstrap, f"{prefix}labels"))
    hold(topics, wanted, rate_ppm)
    truth = wanted.truth
    changelogs = {"payers": topics.payers, "payees": topics.payees}
    stores = sum(_check_store(path, changelogs, torn=torn) for place in datadirs for path in place.rglob("pay*-*"))
    return {
        "records": len(topics.transactions),
        "decided": len(truth.payments),
        "repeats": len(topics.decisions) - len(truth.payments),
        "rejected": len(truth.rejected) + len(truth.conflicts),
        "verdicts": len(truth.verdicts),
        "overdue": sum(offset < 0 for _, offset in truth.verdicts),
        "alerts": len({json.loads(record.value)["alert_id"] for record in topics.alerts}),
        "inexact": sum(not wanted.exact for wanted in truth.payments.values()),
        "stores": stores,
    }


def _order(bundles: list[Any]) -> list[tuple[int, tuple[int, int], bool]]:
    """Return payee partition and place of everything that reached the payee stage, in its order; True: as a debit."""
    found = []
    for record in bundles:
        bundle = decode_bundle(record.value)
        if bundle.controls:
            continue
        for item in bundle.items():
            where = record.partition, place_of(item)
            debit = item.kind is Kind.DEBIT
            found += [(*where, False), (*where, True)] if item.both else [(*where, debit)]
    return found


def _check_rejected(records: list[Any], truth: Truth) -> None:
    got: dict[tuple[str, int, int], set[bytes]] = defaultdict(set)
    conflicts = set()
    for record in records:
        value = json.loads(record.value)
        place = (value["source_topic"], value["source_partition"], value["source_offset"])
        got[place].add(record.value)
        if value["reason"] == "conflicting_duplicate":
            conflicts.add(place)
    assert got.keys() == truth.rejected | truth.conflicts, (
        f"rejected without cause: {sorted(got.keys() - truth.rejected - truth.conflicts)[:3]}; "
        f"not rejected: {sorted((truth.rejected | truth.conflicts) - got.keys())[:3]}"
    )
    assert conflicts == truth.conflicts
    assert all(len(values) == 1 for values in got.values()), "repeats in `rejected` are not the same to the byte"


def _check_decisions(records: list[Any], truth: Truth) -> None:
    got: dict[tuple[int, int], set[bytes]] = defaultdict(set)
    for record in records:
        got[record.partition, json.loads(record.value)["payer_offset"]].add(record.value)
    lost, invented = truth.payments.keys() - got.keys(), got.keys() - truth.payments.keys()
    assert not lost, f"{len(lost)} payments were never decided, such as {sorted(lost)[:3]}"
    assert not invented, f"{len(invented)} decisions have no payment, such as {sorted(invented)[:3]}"
    sequences: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for place, values in got.items():
        assert len(values) == 1, f"the repeats of {place} are not the same to the byte"
        decision = json.loads(next(iter(values)))
        sequences[decision["partition"]][decision["sequence"]] = place
        _check_decision(place, decision, truth.payments[place])
    for partition, places in truth.order.items():
        assert sequences[partition] == dict(enumerate(places)), f"sequences of payee partition {partition}"


def _check_decision(place: tuple[int, int], decision: dict[str, Any], wanted: naive.Wanted) -> None:
    payment = wanted.payment
    said = (decision["transaction_id"], decision["payer_vpa"], decision["payee_vpa"], decision["late"])
    assert said == (payment.transaction_id, payment.payer_vpa, payment.payee_vpa, wanted.late), place
    assert round(decision["amount"] * 100) == payment.amount_paise, place
    if not wanted.exact:
        return
    row = [np.nan if value is None else value for value in decision["features"]]
    try:
        assert_same("both", wanted.row, row)
    except AssertionError as exc:
        raise AssertionError(f"{place}: a scan and the decision differ in features: {exc}") from exc


def _held(path: Path) -> dict[bytes, bytes]:
    """Return all that a directory holds; raises RocksDB's error where some of it cannot be read."""
    db = Rdict(str(path), options=Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        rows, held = db.iter(), {}
        rows.seek_to_first()
        while rows.valid():
            held[rows.key()] = rows.value()
            rows.next()
        rows.status()  # what is damaged reads like an end
        del rows
        return held
    finally:
        db.close()


def _check_store(path: Path, changelogs: dict[str, list[Any]], *, torn: bool) -> bool:
    """Hold a RocksDB directory against its changelog up to the offset that it says it holds."""
    table, _, number = path.name.partition("-")
    if not (path / "CURRENT").exists() or not number.isdigit():
        return False
    try:
        got = _held(path)
    except Exception as exc:
        if torn:  # its partition moved on before anyone read it again
            return False
        raise AssertionError(f"{path} cannot be read") from exc
    offset = struct.unpack(">q", got.pop(OFFSET_KEY, struct.pack(">q", -1)))[0]
    wanted = {
        record.key: record.value
        for record in changelogs[table]
        if record.partition == int(number) and record.offset <= offset
    }
    assert got == {key: value for key, value in wanted.items() if value is not None}, (
        f"{path} does not hold what its changelog held at offset {offset}"
    )
    return True
