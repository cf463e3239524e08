"""What docs/privacy.md says about retention is what topics are created with."""

from __future__ import annotations

import re
from pathlib import Path

from app.retention import COMPACTED_WITHIN_DAYS, KEEPS_DAYS

TEXT = Path("docs/privacy.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[^|]+`) \|[^|]+\| (?:(\d+) days|all\b[^|]*) \|$", re.MULTILINE)


def test_the_table_of_retention_is_true() -> None:
    """Each topic stands in the table with its days."""
    said = {
        name: int(days) if days else None
        for names, days in ROW.findall(TEXT)
        for name in re.findall(r"`([a-z-]+)`", names)
    }
    assert said == dict(KEEPS_DAYS)


def test_the_time_to_compaction_is_true() -> None:
    """The days within which a changelog forgets are those of its setting."""
    assert f"at the latest {COMPACTED_WITHIN_DAYS} days after" in TEXT
