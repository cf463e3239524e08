"""Numbers in plain words: what rule texts and model reasons share.

A template names features in braces with one of FORMATS: `{payer_txn_count_5m:count} payments in 5 minutes`. What stands
in brackets is left out when a number of it is not known: `paid[, {payer_amount_over_mean_30d:times} the usual]`.
Anything else that `str.format` could do (attributes, indexes, conversions) is refused, so rules stay data.
"""

from __future__ import annotations

import math
import re
from string import Formatter
from typing import TYPE_CHECKING

from features.vector import feature_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_BRACES = Formatter()
_ONE = re.compile(r"(?<![\d.,₹])1 (payment|payer|payee|device|fraud|day)s\b")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def count(value: float) -> str:
    """Write a count: `12`."""
    return f"{round(value):d}"


def rupees(value: float) -> str:
    """Write rupees with Indian grouping, paise only where there are any.

    >>> rupees(1234567.0), rupees(99.5), rupees(-1500.0)
    ('₹12,34,567', '₹99.50', '-₹1,500')
    """
    paise = round(abs(value) * 100)
    whole, rest = divmod(paise, 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups: list[str] = []
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    sign = "-" if value < 0 and paise else ""
    return f"{sign}₹{','.join([*groups, tail])}" + (f".{rest:02d}" if rest else "")


def times(value: float) -> str:
    """Write a ratio.

    >>> times(40.3), times(3.25), times(0.013)
    ('40 times', '3.2 times', '0.013 times')
    """
    return f"{value:.0f} times" if value >= 10 else f"{value:.2g} times" if value < 1 else f"{value:.1f} times"


def percent(value: float) -> str:
    """Write a share of 0..1 as percent: `12 %`."""
    return f"{value * 100:.0f} %"


def seconds(value: float) -> str:
    """Write a duration in the largest unit that leaves at least two of it.

    >>> seconds(45.0), seconds(150.0), seconds(3.5 * 86_400)
    ('45 s', '2 min', '3 days')
    """
    for size, name in ((86_400.0, " days"), (3_600.0, " h"), (60.0, " min")):
        if value >= 2 * size:
            return f"{math.floor(value / size)}{name}"
    return f"{value:.0f} s"


def days(value: float) -> str:
    """Write days, and what is less than two of them in smaller units.

    >>> days(40.2), days(3.5), days(0.02)
    ('40 days', '3.5 days', '28 min')
    """
    if value < 2:
        return seconds(value * 86_400)
    return f"{value:.1f} days" if value < 10 else f"{value:.0f} days"


def hour(value: float) -> str:
    """Write an hour of the day as a clock.

    >>> hour(2.5)
    '02:30 IST'
    """
    minutes = math.floor(value * 60) % 1_440
    return f"{minutes // 60:02d}:{minutes % 60:02d} IST"


def number(value: float) -> str:
    """Write a number without a unit, with at most two decimals: `1.25`, `3`."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


FORMATS: Mapping[str, Callable[[float], str]] = {
    "count": count,
    "rupees": rupees,
    "times": times,
    "percent": percent,
    "seconds": seconds,
    "days": days,
    "hour": hour,
    "number": number,
}


def say(value: float, form: str) -> str:
    """Write a value in the named form; a missing one is `unknown`.

    >>> say(9.0, "count"), say(float("nan"), "rupees")
    ('9', 'unknown')
    """
    return FORMATS[form](value) if math.isfinite(value) else "unknown"


Piece = tuple[str, int, str]
Template = tuple[tuple[bool, tuple[Piece, ...]], ...]


def parse_template(text: str) -> Template:
    """Split a template into clauses (may be left out?, pieces), a piece being (literal, feature index or -1, form).

    Raises ValueError or KeyError with the reason when a brace names no feature or no form, or a bracket has no partner.
    """
    clauses = []
    for position, clause in enumerate(_BRACKETS.split(text)):
        optional = position % 2 == 1
        if not optional and ("[" in clause or "]" in clause):
            raise ValueError("every [ needs its ], and brackets do not nest")
        clauses.append((optional, tuple(_pieces(clause))))
    return tuple(clauses)


def _pieces(clause: str) -> Iterator[Piece]:
    """Split one clause at its braces."""
    for literal, name, form, conversion in _BRACES.parse(clause):
        if name is None:
            yield literal, -1, ""
        elif conversion is not None or form is None or form not in FORMATS:
            raise ValueError(f"{{{name}}} needs a form, as in {{{name}:count}}; forms: {', '.join(FORMATS)}")
        else:
            yield literal, feature_index(name), form


def render(template: Template, row: Sequence[float]) -> str:
    """Fill a parsed template with the numbers of one row; a clause in brackets goes when a number of it is missing.

    >>> from features.vector import FEATURE_NAMES
    >>> row = [float("nan")] * len(FEATURE_NAMES)
    >>> row[feature_index("amount_rupees")] = 125000.0
    >>> template = parse_template("paid {amount_rupees:rupees}[ at {hour_ist:hour}]")
    >>> render(template, row)
    'paid ₹1,25,000'
    >>> row[feature_index("hour_ist")] = 2.5
    >>> render(template, row)
    'paid ₹1,25,000 at 02:30 IST'
    """
    texts: list[str] = []
    for optional, pieces in template:
        if optional and any(index >= 0 and not math.isfinite(row[index]) for _, index, _ in pieces):
            continue
        texts.extend(literal + (say(row[index], form) if index >= 0 else "") for literal, index, form in pieces)
    return singular("".join(texts))


def singular(text: str) -> str:
    """Let one thing be one thing.

    >>> singular("1 payers in 1 days; 11 payers, 2.1 days")
    '1 payer in 1 day; 11 payers, 2.1 days'
    """
    return _ONE.sub(r"1 \1", text)
