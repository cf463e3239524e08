"""What a request may ask, from text: each function returns the value or raises a 400 that says what is needed."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from app.views.problems import Problem
from features.clock import EPOCH_ORDINAL, ist_day
from features.errors import RejectedTransaction
from features.fields import shorten, to_time_ms, to_vpa

if TYPE_CHECKING:
    from aiohttp import web

_epoch_ms = re.compile(r"[0-9]{1,15}").fullmatch
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_whole = re.compile(r"[0-9]{1,6}").fullmatch
#: `+` of an offset arrives as a space where the client did not encode it.
_lost_plus = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")


def read_vpa(text: str, field: str = "vpa") -> str:
    """Return a VPA in lower case.

    >>> read_vpa("Ravi@OkAxis")
    'ravi@okaxis'
    """
    try:
        return to_vpa(text, field)
    except RejectedTransaction as exc:
        raise Problem(400, exc.detail) from exc


def read_time_ms(text: str, field: str) -> int:
    """Return RFC 3339 text or epoch ms as epoch ms.

    >>> read_time_ms("2026-01-01T05:30:00 05:30", "at"), read_time_ms("1767225600000", "at")
    (1767225600000, 1767225600000)
    """
    try:
        return to_time_ms(int(text) if _epoch_ms(text) else _lost_plus.sub("+", text), field)
    except RejectedTransaction as exc:
        raise Problem(400, exc.detail) from exc


def read_day(text: str, now_ms: int) -> int:
    """Return an IST day, YYYY-MM-DD or `today`, as days since 1970-01-01.

    >>> read_day("2026-01-01", 0), read_day("today", 0)
    (20454, 0)
    """
    if text == "today":
        return ist_day(now_ms)
    try:
        return date.fromisoformat(text if _day(text) else "").toordinal() - EPOCH_ORDINAL
    except ValueError as exc:
        raise Problem(400, f"day needs YYYY-MM-DD or today; got {shorten(text)}") from exc


def read_limit(request: web.Request, default: int, largest: int) -> int:
    """Return `?limit=`, from 1 to `largest`."""
    text = request.query.get("limit", str(default))
    if _whole(text) and 1 <= int(text) <= largest:
        return int(text)
    raise Problem(400, f"limit needs a whole number from 1 to {largest}; got {shorten(text)}")


def read_whole(text: str, field: str) -> int:
    """Return a whole number of at most 15 digits.

    >>> read_whole("17", "sequence")
    17
    """
    if _epoch_ms(text):
        return int(text)
    raise Problem(400, f"{field} needs a whole number; got {shorten(text)}")
