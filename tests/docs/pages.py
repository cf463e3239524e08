"""The documents as tests see them: their code blocks, links and names.

What stands after a block's language says what a reader does with it, and a test too:

- bash: runs, in the order of the page, in the page's first terminal; `terminal=2` in another one.
  `background` goes on running; `until=TEXT` waits for that text in its log, or, without `background`, repeats it until
  it prints the text. `fails` says that it must be refused.
- python: runs likewise; yaml with `append=FILE` is added to that file, as the text tells the reader to.
- `not-run=WHY`: only shown, for that reason.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Languages of what a reader runs or copies; a block of one is tried, or says why not.
TRIED = frozenset({"bash", "sh", "python", "yaml"})


class Block(NamedTuple):
    """A fenced block: where it stands, its language, what else its first line says, and its text."""

    page: Path
    line: int
    language: str
    words: dict[str, str]
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every document of the repository."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found = []
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, *rest = shlex.split(token.info) or [""]
            words = dict(word.partition("=")[::2] for word in rest)
            assert token.map is not None
            found.append(Block(page, token.map[0] + 1, language, words, token.content))
    return found


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^(```+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
