"""Opens a table directory, or begins it anew where it cannot be trusted: the changelog holds all that it held.

Anew begins a directory that RocksDB calls damaged, now or when it was last read, and one that was not written to for so
long that Kafka may have forgotten which accounts were deleted since. A directory that another worker holds, or a disk
that is full or not ours, is no damage: the worker says so and ends.
"""

from __future__ import annotations

import logging
import shutil
import time
from typing import TYPE_CHECKING

from features.errors import StoreError
from tables.store import DAMAGED_FILE, PartitionStore, is_damage

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

#: Kafka keeps the tombstones of a compacted topic for `delete.retention.ms`, a day: half of it is left for the restore.
STALE_S = 12 * 3600.0
_FLUSHED = ("MANIFEST-", "CURRENT")


def open_store(path: Path) -> PartitionStore:
    """Return the store in a directory; raises `StoreError` where it cannot be opened and is not damaged."""
    reason = _distrust(path)
    if reason is None:
        try:
            return PartitionStore(path)
        except StoreError as exc:
            if not is_damage(exc):
                raise
            reason = str(exc.__cause__)
    logger.warning("%s begins anew and is restored from its changelog: %s", path, reason)
    shutil.rmtree(path)
    return PartitionStore(path)


def _distrust(path: Path) -> str | None:
    """Return why a directory must not even be opened, or None."""
    if not path.exists():
        return None
    if (path / DAMAGED_FILE).exists():
        return f"it was damaged: {(path / DAMAGED_FILE).read_text(errors='replace')}"
    # RocksDB's own diary is written to while the state is not: only what a flush writes says how old that is.
    flushed = [
        file.stat().st_mtime for file in path.iterdir() if file.name.startswith(_FLUSHED) or file.suffix == ".sst"
    ]
    newest = max(flushed, default=time.time())
    if time.time() - newest > STALE_S:
        return f"nothing was written to it for {(time.time() - newest) / 3600:.0f} h"
    return None
