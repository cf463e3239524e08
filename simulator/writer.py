"""Writing a history file, by suffix; it appears under its name only when it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.errors import SimulatorError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")


def check_suffix(path: Path) -> None:
    """Raise SimulatorError if no history can be written under that name."""
    if path.suffix not in SUFFIXES:
        raise SimulatorError(f"a history file needs a name ending in one of {', '.join(SUFFIXES)}; got {path.name!r}")
    if not path.parent.is_dir():
        raise SimulatorError(f"the folder {path.parent} does not exist: create it, or choose another --out")


def write_history(frame: pl.DataFrame, path: Path) -> None:
    """Write Parquet, CSV (amounts with 2 decimals) or JSON Lines; equal tables give equal bytes."""
    check_suffix(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.suffix == ".parquet":
            frame.write_parquet(partial, compression="zstd", statistics=True)
        elif path.suffix == ".csv":
            frame.write_csv(partial, float_precision=2)
        else:
            frame.write_ndjson(partial)
        partial.replace(path)
    except OSError as exc:
        raise SimulatorError(f"cannot write {path}: {exc}; free some space or choose another --out") from exc
    finally:
        partial.unlink(missing_ok=True)
