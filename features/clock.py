"""Event time in numbers: what day, hour and weekday it is in India, and how a time is written.

India has one time zone, UTC+05:30, and no daylight saving, so all of it is integer arithmetic on epoch milliseconds.
Nothing here asks what time it is now.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
IST_OFFSET_MS = 5 * HOUR_MS + 30 * MINUTE_MS

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def ist_day(time_ms: int) -> int:
    """Return the IST calendar day as days since 1970-01-01.

    >>> ist_day(0), ist_day(18 * HOUR_MS + 30 * MINUTE_MS - 1), ist_day(18 * HOUR_MS + 30 * MINUTE_MS)
    (0, 0, 1)
    """
    return (time_ms + IST_OFFSET_MS) // DAY_MS


@lru_cache(maxsize=4096)
def day_text(day: int) -> str:
    """Return an IST day number as YYYY-MM-DD.

    >>> day_text(0)
    '1970-01-01'
    """
    return date.fromordinal(EPOCH_ORDINAL + day).isoformat()


def ist_hour(time_ms: int) -> float:
    """Return the hour of the IST day with its fraction, in [0, 24).

    >>> ist_hour(0)
    5.5
    """
    return (time_ms + IST_OFFSET_MS) % DAY_MS / HOUR_MS


def ist_minute(time_ms: int) -> int:
    """Return the minute of the IST day, 0 to 1,439.

    >>> ist_minute(0)
    330
    """
    return (time_ms + IST_OFFSET_MS) % DAY_MS // MINUTE_MS


def ist_weekday(time_ms: int) -> int:
    """Return the IST weekday, 0 for Monday to 6 for Sunday; the epoch was a Thursday.

    >>> ist_weekday(0)
    3
    """
    return ((time_ms + IST_OFFSET_MS) // DAY_MS + 3) % 7


def format_event_time(time_ms: int) -> str:
    """Return RFC 3339 text in IST with milliseconds, for any time from 1970 to 9999.

    >>> format_event_time(1_767_225_600_123)
    '2026-01-01T05:30:00.123+05:30'
    """
    day, rest = divmod(time_ms + IST_OFFSET_MS, DAY_MS)
    seconds, millis = divmod(rest, SECOND_MS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{day_text(day)}T{hour:02d}:{minute:02d}:{second:02d}.{millis:03d}+05:30"
