"""docs/features.md is a contract: it is what the registry and the measurements say, and nothing stale."""

from __future__ import annotations

from pathlib import Path

from features.vector import FAMILIES, FEATURE_NAMES
from models.feature_page import PAGE, WORTH, page, read_worth

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_its_command_writes() -> None:
    """To refresh it: `prahari models features`."""
    assert (DOCS / PAGE).read_text(encoding="utf-8") == page(read_worth(DOCS / WORTH))


def test_every_feature_stands_in_one_family() -> None:
    """So that taking families away takes everything away once."""
    assert sorted(name for members in FAMILIES.values() for name in members) == sorted(FEATURE_NAMES)


def test_what_was_measured_is_of_this_list_of_features() -> None:
    """Numbers of another registry would stand beside the wrong features."""
    for one in read_worth(DOCS / WORTH).values():
        assert list(one["features"]) == list(FEATURE_NAMES)
        assert list(one["families"]) == list(FAMILIES)
