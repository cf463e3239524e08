"""What the set-up compiles is all there is: nothing is compiled while payments or people wait."""

from __future__ import annotations

import subprocess
import sys


def test_work_compiles_nothing_that_the_set_up_has_not() -> None:
    """A function compiled at its first use would stop a worker for seconds, once in each form."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.first_use"], check=True, capture_output=True, text=True, timeout=280
    )
    assert done.stdout == ""
