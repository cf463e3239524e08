"""docs/reference is what the code says today."""

from __future__ import annotations

import pytest

from prahari.reference.__main__ import FOLDER
from prahari.reference.commands import leaves, loaded
from prahari.reference.pages import PAGES, render
from prahari.reference.topics import MEANINGS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    """Settings, topics, commands, views, rules and metrics are changed together with their page."""
    assert (FOLDER / name).read_text(encoding="utf-8") == render(name), "run `make reference`"


def test_no_page_is_left_over() -> None:
    """What is not made from the code stands elsewhere."""
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_every_topic_is_explained_and_no_other() -> None:
    """A new topic gets its words."""
    page = render("topics.md")

    assert all(f"| `{name}` |" in page for name in MEANINGS)


@pytest.mark.parametrize(("name", "command"), [leaf for name, top in loaded() for leaf in leaves(name, top)])
def test_every_command_teaches(name: str, command: object) -> None:
    """It says in a sentence what it does, and every option and argument of it says what it is for."""
    help_text = getattr(command, "help", "") or ""
    silent = [parameter.name for parameter in getattr(command, "params", ()) if not getattr(parameter, "help", "")]

    assert help_text.strip().splitlines()[0].endswith("."), name
    assert silent == [], name
