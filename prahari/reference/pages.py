"""Which pages there are, and what makes each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prahari.reference.commands import commands_page
from prahari.reference.errors import errors_page
from prahari.reference.http import http_page
from prahari.reference.metrics import metrics_page
from prahari.reference.records import records_page
from prahari.reference.rules import rules_page
from prahari.reference.settings import settings_page
from prahari.reference.topics import topics_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "topics.md": topics_page,
    "records.md": records_page,
    "http.md": http_page,
    "rules.md": rules_page,
    "metrics.md": metrics_page,
    "errors.md": errors_page,
}


def render(name: str) -> str:
    """Return a page's text."""
    made = "<!-- Made from the code by `make reference`; do not edit. -->"
    return "\n".join([made, *PAGES[name]()]).rstrip() + "\n"
