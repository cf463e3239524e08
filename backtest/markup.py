"""Small pieces of HTML, and numbers as people read them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Prahari backtest</title>
<style>
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1b2733; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #d8e0e8; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; vertical-align: top; border-bottom: 1px solid #eef2f6; }
.scroll td + td { white-space: nowrap; } .long td:last-child { white-space: normal; min-width: 16rem; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.cards div { background: #f2f6fa; border-radius: .5rem; padding: .6rem .9rem; }
.cards b { display: block; font-size: 1.05rem; } .cards span { color: #5a6b7b; font-size: .8rem; }
svg { max-width: 100%; height: auto; } .scroll { overflow-x: auto; }
.wide { overflow-x: auto; } .wide svg { min-width: 40rem; }
@media (max-width: 40rem) {
  .facts td + td { white-space: normal; } .long td:empty { display: none; }
  .long tr:first-child { display: none; }
  .long tr { display: block; padding: .5rem 0; border-bottom: 1px solid #d8e0e8; }
  .long td { display: block; border: 0; padding: .05rem 0; }
  .long td[data-name]::before { content: attr(data-name) ": "; color: #5a6b7b; }
}
.gained { color: #2a7f62; } .lost { color: #b3432b; }
</style></head><body>
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Return a table; the cells are text, escaped here.

    `kind` is `facts` for names and what is said of them, `long` for rows that end in sentences: on a phone each of
    these is a block of its own.

    >>> table((), [("a<b", "1")])
    '<div class="scroll"><table><tr><td>a&lt;b</td><td>1</td></tr></table></div>'
    >>> table(("n",), [("1",)], "long")
    '<div class="scroll long"><table><tr><th>n</th></tr><tr><td data-name="n">1</td></tr></table></div>'
    """
    names = [f' data-name="{escape(name)}"' if name and kind == "long" else "" for name in head]
    names = names or [""] * max(map(len, rows), default=0)
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"] if head else []
    lines += [
        "<tr>" + "".join(f"<td{name}>{escape(cell)}</td>" for name, cell in zip(names, row, strict=True)) + "</tr>"
        for row in rows
    ]
    return f'<div class="{f"scroll {kind}".strip()}"><table>{"".join(lines)}</table></div>'


def number(value: int) -> str:
    """Return a count.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def percent(value: float | None) -> str:
    """Return a share in percent.

    >>> percent(0.1234), percent(None)
    ('12.3 %', '-')
    """
    return "-" if value is None else f"{value * 100:.1f} %"


def share_text(share: dict[str, float] | None) -> str:
    """Return a share with its interval.

    >>> share_text({"value": 0.5, "low": 0.4, "high": 0.6})
    '50.0 % (40.0 to 60.0)'
    """
    if share is None:
        return "-"
    return f"{percent(share['value'])} ({share['low'] * 100:.1f} to {share['high'] * 100:.1f})"


def rupees(value: float) -> str:
    """Return an amount in whole rupees, from a hundred thousand in lakh, from ten million in crore.

    >>> rupees(950), rupees(-250_000), rupees(30_000_000)
    ('₹950', '-₹2.50 lakh', '₹3.00 crore')
    """
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= 10_000_000:
        return f"{sign}₹{size / 10_000_000:,.2f} crore"
    if size >= 100_000:
        return f"{sign}₹{size / 100_000:,.2f} lakh"
    return f"{sign}₹{size:,.0f}"
