"""docs/reference/settings.md: every setting of ours, and those of Faust that one meets."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from app import settings
from app.settings import Settings
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

FAUST = {
    "BROKER_URL": (
        "kafka://localhost:9092",
        "Where Kafka is; several with `;` between: `kafka://a:9092;kafka://b:9092`.",
    ),
    "APP_DATADIR": ("prahari-data", "Where a worker keeps its tables; a directory of its own for each."),
    "WEB_PORT": ("6066", "Port of the web views."),
    "WEB_BIND": ("127.0.0.1", "Address that the web views listen on; beyond this machine only with a token."),
    "WEB_HOST": ("the host's name", "Name under which other workers reach these views."),
    "NODE_CANONICAL_URL": ("", "The same as a whole URL, where port or scheme differ outside."),
    "TOPIC_PARTITIONS": ("4", "Partitions of the account topics. Part of the state: choose it once."),
    "TOPIC_REPLICATION_FACTOR": ("1", "Replicas of the topics that we create; 3 with three brokers."),
}
"""Faust's own settings that an operator sets: default with us, and meaning."""

OTHERS = {
    "PRAHARI_CACHE_DIR": (".cache", "Where `make setup` and the embedded broker keep Kafka's jars."),
    "DEMO_SECONDS": ("", "Ends `make demo` by itself after so many seconds."),
}
_OURS = """# Settings

All are environment variables, read once at start. A value that cannot be is refused with a message that names it.

## Prahari's own

"""
_FAUSTS = """## Faust's

Any of [Faust's settings](https://faust-streaming.github.io/faust/userguide/settings.html) works under its own name.
These are the ones that matter here:

"""


def settings_page() -> Iterator[str]:
    """Yield the page."""
    yield from _OURS.splitlines()
    meanings = documented()
    rows = [
        (code(f"PRAHARI_{name.upper()}"), code(_default(field)), _values(field), meanings[name])
        for name, field in Settings.model_fields.items()
    ]
    yield from table(("setting", "default", "values", "what it does"), rows)
    yield from _FAUSTS.splitlines()
    yield from table(("setting", "default", "what it does"), [(code(n), d, m) for n, (d, m) in FAUST.items()])
    yield "## Of the tools around"
    yield ""
    yield from table(("setting", "default", "what it does"), [(code(n), code(d), m) for n, (d, m) in OTHERS.items()])


def documented() -> dict[str, str]:
    """Return what stands below each setting in app/settings.py; settings above one text share it."""
    tree = ast.parse(inspect.getsource(settings))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    found: dict[str, str] = {}
    waiting: list[str] = []
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.update(dict.fromkeys(waiting, str(node.value.value)))
            waiting = []
        else:
            waiting = []
    return found


def _default(field: FieldInfo) -> object:
    value = int(field.default) if isinstance(field.default, bool) else field.default
    root = Path(settings.__file__).parents[1]
    return value.relative_to(root).as_posix() if isinstance(value, Path) else value


def _values(field: FieldInfo) -> str:
    """Return what a setting may be, in words."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(code(value) for value in get_args(field.annotation))
    limits = {
        name: getattr(one, name) for one in field.metadata for name in ("gt", "ge", "le", "lt") if hasattr(one, name)
    }
    words = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}
    kinds = {bool: "`0`, `1`", int: "whole number", float: "number", str: "text"}
    kind = kinds.get(field.annotation, "path") if isinstance(field.annotation, type) else "path"
    return " ".join([kind, *(f"{words[name]} {value:g}" for name, value in limits.items())])
