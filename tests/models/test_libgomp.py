"""LightGBM works where the system has no OpenMP runtime."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import libgomp

REPOSITORY = Path(__file__).resolve().parents[2]

# In a mount namespace of its own the system's library is hidden behind an empty file: no other process notices.
HIDE = """
for path in $(ldconfig -p | sed -n 's/.*libgomp.so.1 .*=> //p'); do
    mount --bind /dev/null "$path" || exit 77
done
exec "$0" "$@"
"""
TRAIN = """
import ctypes, numpy
try:
    ctypes.CDLL("libgomp.so.1")
except OSError:
    pass
else:
    raise SystemExit("the system's library is still there")
from models.libgomp import ensure_libgomp
assert "scikit_learn.libs" in ensure_libgomp()
import lightgbm, sklearn.ensemble
rows = numpy.random.default_rng(1).normal(size=(500, 3))
model = lightgbm.train({"verbose": -1, "num_threads": 2}, lightgbm.Dataset(rows, rows[:, 0] > 0), 5)
sklearn.ensemble.IsolationForest(n_estimators=2).fit(rows)
assert numpy.corrcoef(model.predict(rows), rows[:, 0])[0, 1] > 0.5
print("trained without the system's library")
"""


def has_libgomp() -> bool:
    try:
        ctypes.CDLL(libgomp.SONAME)
    except OSError:
        return False
    return True


def test_lightgbm_trains_and_predicts_without_the_system_s_libgomp() -> None:
    """The copy from scikit-learn's wheel stands in, beside scikit-learn's own."""
    hide = ["unshare", "--mount", "sh", "-c", HIDE] if has_libgomp() else []
    if hide and shutil.which("unshare") is None:
        pytest.skip("unshare is needed to hide the system's library")
    train = [*hide, sys.executable, "-c", TRAIN]
    done = subprocess.run(train, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip("this user may not mount")

    assert done.stdout == "trained without the system's library\n", done.stderr


def test_a_library_is_renamed_in_place() -> None:
    """Only the bytes of the name change; the dynamic linker reads the new one."""
    library = libgomp._bundled().read_bytes()

    renamed = libgomp.with_soname(library)

    assert len(renamed) == len(library)
    changed = [index for index, (old, new) in enumerate(zip(library, renamed, strict=True)) if old != new]
    start = renamed.index(b"libgomp.so.1\0", changed[0] - len("libgomp"))
    assert start <= changed[0] <= changed[-1] < start + 40


@pytest.mark.parametrize(
    ("library", "reason"), [(b"MZ", "ELF file is needed"), (Path(sys.executable).read_bytes(), "that has a name")]
)
def test_what_is_no_shared_library_is_refused(library: bytes, reason: str) -> None:
    """A program, or no ELF file at all, has no name to change."""
    with pytest.raises(ValueError, match=reason):
        libgomp.with_soname(library)


def test_a_longer_name_is_refused() -> None:
    """It would run into whatever stands behind."""
    with pytest.raises(ValueError, match="does not fit"):
        libgomp.with_soname(libgomp._bundled().read_bytes(), "libgomp.so." + "1" * 100)


def test_nothing_is_done_where_the_system_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy is made then."""
    monkeypatch.setattr("ctypes.CDLL", lambda _name, _mode: None)
    monkeypatch.setattr(os, "memfd_create", lambda _name: pytest.fail("a copy was made"))

    assert libgomp.ensure_libgomp.__wrapped__() == "system"
