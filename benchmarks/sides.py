"""What payers' and payees' features cost a payment, read and folded in parts as a worker does it.

`python -m benchmarks.sides`: no Kafka and no tables, states stay in a dictionary. Before each part what a processor had
in its caches is pushed out, as in a worker that does everything else between two parts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import typer
from msgspec.msgpack import decode
from rich.console import Console
from rich.table import Table

from agents.payer_stage import PART_ACCOUNTS_MAX
from agents.places import homes_in, places_of
from agents.reading import Records
from app.compiling import compile_all
from app.transport.own_appends import Appended
from benchmarks.load import Plan, World
from features.events import ACCOUNT, DEBIT, KIND, PARTY, debits_of, with_debits
from features.layout import COUNT
from features.payee import PAYEES
from features.payer import PAYERS
from features.processed import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from features.events import Events
    from features.side import Side

_COLD_BYTES = 48 * 1024 * 1024
#: Accounts by how many payments their rings hold.
_SIZES = (1, 4, 16, 64, 256)


class Part(NamedTuple):
    """A part of one side: its events, and the accounts in the order of their places."""

    events: Events
    accounts: list[bytes]


def parts(payments: int) -> Iterator[tuple[Part, Part]]:
    """Yield the parts of both sides of a load, payers' and payees'."""
    homes, offset = homes_in(1), 0
    for chunk in World(Plan(payments, 1_700_000_000_000)).payments():
        rows = list(zip(chunk.stamps_ms, chunk.keys, chunk.values, strict=True))
        for begin in range(0, len(rows), PART_ACCOUNTS_MAX):
            records = [Appended(offset + at, *row) for at, row in enumerate(rows[begin : begin + PART_ACCOUNTS_MAX])]
            offset += len(records)
            yield _both(Records(records, homes))


def _both(read: Records) -> tuple[Part, Part]:
    """Return what each side is told: each payment, and payees' side behind it that its payer's account paid."""
    at, debits = with_debits(debits_of(read.events))
    events = read.events[at]
    events[:, PARTY] = read.payer_parties[at]
    events[debits, KIND] = DEBIT
    sides = zip(at.tolist(), debits.tolist(), strict=True)
    accounts = [read.payers[one] if debit else decode(read.contents[one])[4].encode() for one, debit in sides]
    return _part(read.events, read.payers), _part(events, accounts)


def _part(events: Events, accounts: Sequence[bytes]) -> Part:
    events[:, ACCOUNT], (places,) = places_of(accounts, [len(events)])
    return Part(events, list(places))


def fold_all(payments: int) -> tuple[dict[str, float], dict[str, dict[bytes, bytes]]]:
    """Return what each side costs a payment, in us over the second half of the load, and the states at its end."""
    used_s = {side.name: 0.0 for side in (PAYERS, PAYEES)}
    states: dict[str, dict[bytes, bytes]] = {name: {} for name in used_s}
    cold, done, counted = np.zeros(_COLD_BYTES // 8), 0, 0
    for both in parts(payments):
        counts = done >= payments // 2
        for side, part in zip((PAYERS, PAYEES), both, strict=True):
            known = states[side.name]
            before = [known.get(account, b"") for account in part.accounts]
            cold += 1
            began_s = time.thread_time()
            after = side.process_lanes(before, part.events, [Lane(len(part.events), -1)]).states
            used_s[side.name] += (time.thread_time() - began_s) * counts
            known.update(zip(part.accounts, after, strict=True))
        done += len(both[0].events)
        counted += len(both[0].events) * counts
    return {name: used / counted * 1e6 for name, used in used_s.items()}, states


def open_and_close_us(side: Side, states: Sequence[bytes]) -> tuple[float, float]:
    """Return what one account of these costs to open and to close, in us, with warm caches."""
    opened, closed = [], []
    for _ in range(5):
        began_s = time.thread_time()
        side.load(states)
        between_s = time.thread_time()
        side._stored(len(states))  # noqa: SLF001 - half of what `process_lanes` does
        opened.append(between_s - began_s)
        closed.append(time.thread_time() - between_s)
    return min(opened) / len(states) * 1e6, min(closed) / len(states) * 1e6


def main(payments: Annotated[int, typer.Option(help="Payments to fold.")] = 200_000) -> None:
    """Tell what each side costs a payment, and accounts of several sizes to open and to close."""
    compile_all()
    costs, states = fold_all(payments)
    table = Table("side", "us a payment", *(f"open, close: up to {size}" for size in _SIZES))
    for side in (PAYERS, PAYEES):
        whole = list(states[side.name].values())[: 200 * len(_SIZES)]
        rings = side.load(whole)[: len(whole), COUNT].tolist()
        row = []
        for low, high in zip((0, *_SIZES), _SIZES, strict=False):
            some = [state for state, count in zip(whole, rings, strict=True) if low < count <= high]
            row.append("{:.2f}, {:.2f}".format(*open_and_close_us(side, some)) if some else "-")
        table.add_row(side.name, f"{costs[side.name]:.1f}", *row)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
