"""Memory that is given back: it is gone, and what it held still works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.heap import let_go_of_code

_PROGRAM = """
import numba
from app.heap import let_go_of_code

def held_kb():
    held, ours = 0, False
    for line in open("/proc/self/smaps"):
        words = line.split()
        if len(words) > 4 and "-" in words[0]:
            ours = "libllvmlite" in words[-1]
        elif ours and words[0] == "Rss:":
            held += int(words[1])
    return held

@numba.njit
def before(x):
    return x + 1

@numba.njit
def after(x):
    return x + 2

before(1)
loaded = held_kb()
let_go_of_code("libllvmlite")
kept = held_kb()
print(loaded, kept, before(1), after(1))
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux says what memory is used for")
def test_code_that_was_let_go_is_gone_and_runs_again() -> None:
    """A fifth of LLVM at most is left, and it still compiles."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    loaded, kept, before, after = map(int, done.stdout.split())

    assert kept < loaded / 5
    assert (before, after) == (2, 3)


def test_a_library_that_is_not_there_is_nothing_to_give_back() -> None:
    """No error, also where there is no such file as Linux has."""
    let_go_of_code("no such library")
