"""`python -m prahari.reference` writes every page of docs/reference anew."""

from __future__ import annotations

import sys
from pathlib import Path

from prahari.reference.pages import PAGES, render

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def main() -> int:
    """Write the pages and name those that changed."""
    for name in PAGES:
        path = FOLDER / name
        text = render(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"reference: docs/reference/{name} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
