"""docs/reference/errors.md: exit codes, errors, and the reasons of rejection."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from app.faust_app import EXIT_FATAL
from features import errors
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CODES = {
    0: "Done.",
    1: "Refused: one line on stderr says what was needed, what was got, and what to do.",
    2: "A command line that cannot be: an unknown command or option, a value out of its range.",
    EXIT_FATAL: "A worker ended because it could not go on safely; its last log line says why. Start it again.",
    130: "Ctrl-C.",
}


def errors_page() -> Iterator[str]:
    """Yield the page."""
    yield "# Exit codes and errors"
    yield ""
    yield "What to do about each error and each reason of rejection stands in [the runbook](../runbook.md#errors)."
    yield ""
    yield from table(("exit code", "means"), EXIT_CODES.items())
    yield from table(("error", "means"), [(code(kind.__name__), _meaning(kind)) for kind in _tree()])
    yield "## Reasons in `rejected`"
    yield ""
    yield from (f"- `{reason}`" for reason in sorted(errors.REJECTION_REASONS))


def _tree() -> list[type[errors.PrahariError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PrahariError)]
    return kinds[1:]


def _meaning(kind: type) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n", maxsplit=1)[0]
