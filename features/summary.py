"""One account's memory for people: its windows at a moment and its newest payments, as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.account import FAILED, NEVER, NEW
from features.clock import format_event_time
from features.vector import WINDOWS
from features.verdicts import count_fraud_verdicts
from features.windows import read_windows

if TYPE_CHECKING:
    from features.account import AccountState

PAYMENTS_SHOWN = 10


def summarise(state: AccountState, now_ms: int, party: str) -> dict[str, Any]:
    """Return windows at `now_ms` and the newest 10 payments, newest first; `party` is "payer" or "payee"."""
    windows = read_windows(state, now_ms)
    columns = zip(windows.counts, windows.sums_paise, windows.distincts, strict=True)
    return {
        "first_seen": _time_text(state.first_ms),
        "last_seen": _time_text(state.last_ms),
        "windows": {
            name: {"payments": count, "amount": sum_paise / 100, f"distinct_{party}s": distinct}
            for name, (count, sum_paise, distinct) in zip(WINDOWS, columns, strict=True)
        },
        "fraud_verdicts_30d": count_fraud_verdicts(state, now_ms),
        "payments": [_payment(state, at, party) for at in reversed(range(len(state.times)))][:PAYMENTS_SHOWN],
    }


def _payment(state: AccountState, at: int, party: str) -> dict[str, Any]:
    flags = state.flags[at]
    return {
        "event_time": _time_text(state.times[at] + state.base_ms),
        "amount": state.amounts[at] / 100,
        f"{party}_hash": f"{state.parties.hashes[state.slots[at]]:010x}",
        f"{party}_was_new": bool(flags & NEW),
        "failed": bool(flags & FAILED),
    }


def _time_text(time_ms: int) -> str | None:
    return None if time_ms == NEVER else format_event_time(time_ms)
