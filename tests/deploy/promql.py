"""Which series a PromQL expression reads, and under which labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import promql_parser


class Selector(NamedTuple):
    """A series by its name, and the labels that it is chosen by."""

    name: str
    labels: frozenset[str]


def selectors(expression: str) -> list[Selector]:
    """Return what an expression reads; raises ValueError where it is no PromQL.

    >>> [selector.name for selector in selectors('rate(up{job="x"}[5m]) > 0')]
    ['up']
    """
    found: list[Selector] = []

    def look(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(Selector(node.name or "", frozenset(matcher.name for matcher in node.matchers.matchers)))
        return True

    promql_parser.walk(promql_parser.parse(expression), look)
    return found
