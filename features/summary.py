"""One account's memory for people: its windows at a moment and its newest payments, as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.clock import format_event_time
from features.expiry import clear_if_absent
from features.judged import MONTH_MS, count_frauds
from features.layout import AMOUNTS, COUNT, FAILED, FIRST_MS, FLAGS, LAST_MS, NEVER, NEW, PARTIES, TIMES
from features.vector import WINDOWS
from features.windows import COUNTS, DISTINCTS, SUMS_PAISE, new_tally, read_windows

if TYPE_CHECKING:
    from features.sketch import Account, Shape

PAYMENTS_SHOWN = 10


def summarise(account: Account, shape: Shape, now_ms: int, party: str) -> dict[str, Any]:
    """Return windows at `now_ms` and the newest 10 payments, newest first; `party` is "payer" or "payee"."""
    clear_if_absent(account, now_ms)
    tally = new_tally()
    read_windows(account, shape, now_ms, tally)
    columns = zip(*(tally[row].tolist() for row in (COUNTS, SUMS_PAISE, DISTINCTS)), strict=True)
    newest_first = range(int(account[COUNT]) - 1, -1, -1)
    return {
        "first_seen": _time_text(int(account[FIRST_MS])),
        "last_seen": _time_text(int(account[LAST_MS])),
        "windows": {
            name: {"payments": count, "amount": sum_paise / 100, f"distinct_{party}s": distinct}
            for name, (count, sum_paise, distinct) in zip(WINDOWS, columns, strict=True)
        },
        "fraud_verdicts_30d": int(count_frauds(account, now_ms, MONTH_MS)),
        "payments": [_payment(account, at, party) for at in newest_first][:PAYMENTS_SHOWN],
    }


def _payment(account: Account, at: int, party: str) -> dict[str, Any]:
    flags = int(account[FLAGS + at])
    return {
        "event_time": _time_text(int(account[TIMES + at])),
        "amount": int(account[AMOUNTS + at]) / 100,
        f"{party}_hash": f"{int(account[PARTIES + at]):010x}",
        f"{party}_was_new": bool(flags & NEW),
        "failed": bool(flags & FAILED),
    }


def _time_text(time_ms: int) -> str | None:
    return None if time_ms == NEVER else format_event_time(time_ms)
