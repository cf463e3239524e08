"""What documents say of the repository is so: links lead somewhere, names are names, and code blocks are tried."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from faust.types.settings import Settings as FaustSettings
from markdown_it import MarkdownIt

from app.metrics.names import Metrics
from app.settings import Settings
from prahari.reference.commands import leaves, loaded
from prahari.reference.settings import FAUST, OTHERS
from tests.docs.pages import DOCS, ROOT, TRIED, blocks, pages, prose
from tests.docs.test_run import RUN

if TYPE_CHECKING:
    from pathlib import Path

#: What was true when it was written.
HISTORY = {ROOT / "CHANGELOG.md", *(DOCS / "adr").glob("*.md")}
#: Made from the code, and held to it, elsewhere.
MADE = {DOCS / "features.md"}
LIVING = [page for page in pages() if page not in HISTORY]
_COMMAND = re.compile(r"^\s*(?:\$ )?(?:make|prahari|python|faust|curl|docker|kubectl|pip|export|git)\b", re.MULTILINE)
_WORD = r"[a-z]+(?:-[a-z]+)*"
_PRAHARI = re.compile(rf"^\s*(?:\w+=\S+ )*prahari ({_WORD}(?: {_WORD})?)(?=\s|$)", re.MULTILINE)
_PATH = re.compile(r"^(?:[\w.-]+/)+[\w-]+\.(?:py|md|ya?ml|json|toml|sh|properties)$")


@cache
def command_names() -> list[str]:
    """Return every command that can be run, by its whole name."""
    return [name for top, command in loaded() for name, _ in leaves(top, command)]


def name(page: Path) -> str:
    """Return a page's path in the repository, for the test's name."""
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", [page for page in LIVING if page not in MADE], ids=name)
def test_what_a_reader_would_run_is_run_here_or_says_why_not(page: Path) -> None:
    """A block of commands or code is tried by tests/docs/test_run.py, or its first line has a reason."""
    untried = [
        block.place
        for block in blocks(page)
        if block.language in TRIED and page not in RUN and not block.words.get("not-run")
    ]
    hidden = [block.place for block in blocks(page) if not block.language and _COMMAND.match(block.text)]

    assert untried == [], "give the page to RUN in tests/docs/test_run.py, or the block a not-run=WHY"
    assert hidden == [], "these begin with a command: give them the language bash"


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_json_in_a_document_is_json(page: Path) -> None:
    """Readers copy it."""
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and pictures exist, and so do the headings that a link names."""
    for target in links(page):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name(page)}: {target}"
        if heading:
            assert heading in headings(there), f"{name(page)}: {target}"


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_paths_named_in_a_document_exist(page: Path) -> None:
    """Code that moved is followed; what the reader makes himself lies in no folder of ours."""
    ours = {path.name for path in ROOT.iterdir()}
    named = {span for span in spans(page) if _PATH.match(span) and span.split("/")[0] in ours}

    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_settings_named_in_a_document_are_settings(page: Path) -> None:
    """A setting that was renamed is renamed here too."""
    known = {f"PRAHARI_{field.upper()}" for field in Settings.model_fields} | set(OTHERS)

    named = set(re.findall(r"\bPRAHARI_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")))
    assert named - known == set()


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_commands_named_in_a_document_are_commands(page: Path) -> None:
    """`prahari rules try` is a command, and `make demo` a target."""
    commands = command_names()
    known = {part for command in commands for part in (command, command.split(" ", maxsplit=1)[0])}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")

    named = set(_PRAHARI.findall(_code(page)))
    assert {one for one in named if not {one, one.split(" ", maxsplit=1)[0]} & known} == set()
    grouped = {command.split(" ", maxsplit=1)[0] for command in commands if " " in command}
    assert {one for one in named if one.split(" ")[0] in grouped and " " in one and one not in known} == set()
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_metrics_named_in_a_document_are_metrics(page: Path) -> None:
    """Somebody who searches for it finds it."""
    named = {span for span in spans(page) if re.fullmatch(r"prahari_[a-z_]+", span)}

    families = Metrics().families
    bases = {family.removesuffix("_count") for family in families if family.endswith("_count")}
    assert named - families - bases == set()


def test_the_settings_page_knows_faust_by_its_names() -> None:
    """What it lists of Faust's is Faust's, but for two that only our app reads by these names."""
    known = {setting.env_name for setting in FaustSettings.SETTINGS.values()}

    assert set(FAUST) <= known


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        for inner in token.children or ():
            target = inner.attrGet("href") or inner.attrGet("src")
            if target:
                found.append(str(target))
    return found


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub names them."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def spans(page: Path) -> set[str]:
    """Return what stands between single backticks."""
    return set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(page)))


def _code(page: Path) -> str:
    return "\n".join([*spans(page), *(block.text for block in blocks(page))])
