"""The fields of a payment, from what arrives to what is kept: amounts in paise, times in ms, VPAs in lower case.

Each function takes what JSON (or a history file) held and either returns the kept form or raises RejectedTransaction
with the field's name, what is needed and what was got. They are shared by live records and history files, so that a
payment valid in one is valid in the other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from features.errors import RejectedTransaction

TRANSACTION_ID_CHARS_MAX = 64
VPA_CHARS_MAX = 255
OPTIONAL_CHARS_MAX = 128
AMOUNT_RUPEES_MAX = 10**10
AMOUNT_PAISE_MAX = AMOUNT_RUPEES_MAX * 100
EVENT_TIME_MS_MAX = 2**43  # the year 2248: times stay small enough for every encoding in use

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_GOT_CHARS_MAX = 40
# A time is cut into its minute (2026-01-01T05:30:), its seconds (29.955) and its offset (+05:30).
_SECONDS_AT, _SECONDS_CHARS, _OFFSET_CHARS = 17, 6, 6

_vpa = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9.-]+").fullmatch
_decimal = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,2}))?").fullmatch
_control = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search
_rfc3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,30})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch


def shorten(value: object) -> str:
    """Return at most 40 characters of a value for a message: a record may hold anything, a log line may not."""
    text = repr(value)
    return text if len(text) <= _GOT_CHARS_MAX else text[:_GOT_CHARS_MAX] + "..."


def to_transaction_id(value: str) -> str:
    """Return the id if it has 1 to 64 characters and no control characters."""
    if 0 < len(value) <= TRANSACTION_ID_CHARS_MAX:
        if value.isascii() and value.isprintable():  # nearly always, and a fifth of the search's cost
            return value
        if _control(value) is None:
            return value
    detail = f"transaction_id needs 1 to {TRANSACTION_ID_CHARS_MAX} characters without control characters"
    raise RejectedTransaction("invalid_field", f"{detail}; got {shorten(value)}")


def to_vpa(value: str, field: str) -> str:
    """Return a VPA in lower case; `field` names it in the message.

    >>> to_vpa("Ravi.K@OkAxis", "payer_vpa")
    'ravi.k@okaxis'
    """
    if len(value) <= VPA_CHARS_MAX and _vpa(value) is not None:
        return value.lower()
    raise RejectedTransaction(
        "invalid_field", f"{field} needs name@handle of at most 255 characters; got {shorten(value)}"
    )


def to_paise(value: float | str) -> int:
    """Return an amount in rupees (number or decimal text, > 0, at most 2 decimals) in paise.

    >>> to_paise(12.5), to_paise("0.01"), to_paise(10**10)
    (1250, 1, 1000000000000)
    """
    if isinstance(value, str):
        paise = _text_to_paise(value)
    elif 0 < value <= AMOUNT_RUPEES_MAX:
        paise = round(value * 100)
        if paise / 100 != value:
            raise RejectedTransaction("invalid_field", f"amount needs at most 2 decimals; got {shorten(value)}")
    else:
        paise = 0
    if 0 < paise <= AMOUNT_PAISE_MAX:
        return paise
    detail = f"amount needs to be over 0 and at most {AMOUNT_RUPEES_MAX} rupees; got {shorten(value)}"
    raise RejectedTransaction("amount_out_of_range", detail)


def _text_to_paise(text: str) -> int:
    parts = _decimal(text)
    if parts is None:
        detail = f"amount needs a number, or decimal text with at most 2 decimals; got {shorten(text)}"
        raise RejectedTransaction("invalid_field", detail)
    sign, rupees, fraction = parts.groups()
    paise = int(rupees) * 100 + (int(fraction.ljust(2, "0")) if fraction else 0)
    return -paise if sign else paise


def to_time_ms(value: int | str, field: str) -> int:
    """Return RFC 3339 text (an offset is needed; fractions are cut to ms) or epoch ms as epoch ms.

    >>> to_time_ms("2026-01-01T05:30:00.1239+05:30", "event_time"), to_time_ms(1_767_225_600_123, "event_time")
    (1767225600123, 1767225600123)
    """
    time_ms = value if isinstance(value, int) else _text_to_ms(value, field)
    if 0 <= time_ms < EVENT_TIME_MS_MAX:
        return time_ms
    raise RejectedTransaction("invalid_field", f"{field} needs a time from 1970 to 2248; got {shorten(value)}")


def _text_to_ms(text: str, field: str) -> int:
    seconds = text[_SECONDS_AT:-_OFFSET_CHARS]
    if len(seconds) == _SECONDS_CHARS and seconds.isascii():  # SS.mmm, as nearly all writers have it
        minute_ms = _minute_to_ms(text[:_SECONDS_AT], text[-_OFFSET_CHARS:])
        whole, point, millis = seconds[:2], seconds[2], seconds[3:]
        if minute_ms is not None and point == "." and whole.isdigit() and millis.isdigit() and whole < "60":
            return minute_ms + int(whole) * 1000 + int(millis)
    if _rfc3339(text) is not None:
        try:
            return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MILLISECOND
        except ValueError:  # a shape of a date that no calendar has, such as 30 February
            pass
    detail = f"{field} needs RFC 3339 text with an offset, or epoch milliseconds; got {shorten(text)}"
    raise RejectedTransaction("invalid_field", detail)


@lru_cache(maxsize=1024)
def _minute_to_ms(head: str, offset: str) -> int | None:
    """Return the epoch ms of a minute, as "2026-01-01T05:30:" and "+05:30", or None for what is none."""
    text = f"{head}00{offset}"
    if _rfc3339(text) is None:
        return None
    try:
        return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MILLISECOND
    except ValueError:
        return None


def check_kept_ranges(time_ms: int, amount_paise: int) -> None:
    """Raise ValueError unless a payment fits what states can hold, as every parsed one does."""
    if not (0 <= time_ms < EVENT_TIME_MS_MAX and 0 < amount_paise <= AMOUNT_PAISE_MAX):
        limits = f"0 <= time < {EVENT_TIME_MS_MAX} ms and 0 < amount <= {AMOUNT_PAISE_MAX} paise"
        raise ValueError(f"a state holds {limits}; got {time_ms} ms and {amount_paise} paise: parse it first")
