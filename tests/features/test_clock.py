"""India's days, hours and weekdays by integer arithmetic, against the standard library's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from features.clock import DAY_MS, day_text, format_event_time, ist_day, ist_hour, ist_weekday

IST = timezone(timedelta(hours=5, minutes=30))
MIDNIGHT_MS = 1_767_205_800_000  # 2026-01-01T00:00 in India


@given(st.integers(0, 2**43 - 1))
@example(MIDNIGHT_MS)
@example(MIDNIGHT_MS - 1)
def test_the_calendar_is_that_of_india(time_ms: int) -> None:
    """Day, weekday, hour and text, for any time that a payment may have."""
    there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)).astimezone(IST)

    assert day_text(ist_day(time_ms)) == there.date().isoformat()
    assert ist_weekday(time_ms) == there.weekday()
    assert int(ist_hour(time_ms)) == there.hour
    assert format_event_time(time_ms) == there.isoformat(timespec="milliseconds")


def test_a_day_begins_at_midnight_in_india() -> None:
    """Half past six in the evening, UTC, of the day before."""
    assert ist_day(MIDNIGHT_MS) == ist_day(MIDNIGHT_MS - 1) + 1 == ist_day(MIDNIGHT_MS + DAY_MS - 1)
    assert ist_hour(MIDNIGHT_MS) == 0.0
