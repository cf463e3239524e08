"""What a figure was made on: machine, load, versions, the code; so that two results can be compared or not be."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.broker import jars

_PACKAGES = ("faust-streaming", "aiokafka", "lightgbm", "numpy", "rocksdict", "uvloop", "msgspec", "orjson")


def describe() -> dict[str, Any]:
    """Return machine, load averages, versions and the commit, as of now."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "kafka": _kafka(),
        "versions": {package: version(package) for package in _PACKAGES},
        "commit": _git("rev-parse", "--short", "HEAD") + ("+changes" if _git("status", "--porcelain", "-uno") else ""),
        "settings": {name: value for name, value in sorted(os.environ.items()) if name.startswith("PRAHARI_")},
    }


def _cpu() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()


def _kafka() -> str:
    found = re.search(r"kafka_[\d.]+-([\d.]+)\.jar", str(jars.class_path()))
    return found[1] if found else "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True)  # noqa: S607 - whichever git
    return done.stdout.strip() or "unknown" if arguments[0] == "rev-parse" else done.stdout.strip()
