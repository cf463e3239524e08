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
    """Numbers of another registry would stand beside the wrong features; only what is younger may be missing."""
    for one in read_worth(DOCS / WORTH).values():
        assert list(one["features"]) == [name for name in FEATURE_NAMES if name in one["features"]]
        assert list(one["families"]) == [name for name in FAMILIES if name in one["families"]]


def test_what_was_not_measured_is_said() -> None:
    """A feature, or a family, that is younger than a measurement has a dash there."""
    measured = read_worth(DOCS / WORTH)
    one = next(iter(measured.values()))
    del one["features"]["amount_rupees"], one["families"]["payment"]
    lines = page({"here": one}).splitlines()

    assert next(line for line in lines if line.startswith("| `amount_rupees`")).endswith("| - |")
    assert next(line for line in lines if line.startswith("| payment |")).endswith("| - | - | - | - |")
