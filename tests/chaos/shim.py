"""A wrong clock and a slow disk for one worker, by a library that is loaded into it before others (`shim.c`).

It needs a C compiler on the machine; where there is none, these faults are left out and the trial says so.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("shim.c")


class Shim:
    """What one worker is told: nothing is wrong until `harm` says so."""

    def __init__(self, library: Path, page: Path) -> None:
        self._page = page
        page.parent.mkdir(parents=True, exist_ok=True)
        self.harm()
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_PAGE": str(page)}

    def harm(self, *, clock_s: float = 0.0, disk_s: float = 0.0) -> None:
        """Put the wall clock ahead (or behind) by so much, and let each access to a file take so long."""
        with self._page.open("r+b" if self._page.exists() else "wb") as file:
            file.write(struct.pack("<qq", int(clock_s * 1e9), int(disk_s * 1e6)))


def build(directory: Path) -> Path | None:
    """Compile the library, or return None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = directory / "shim.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True)
    return library if done.returncode == 0 else None
