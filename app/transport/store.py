"""Lets Faust's own table objects read what the stages wrote; writing is the stages' alone.

`app.tables["payers"][b"ravi@okaxis"]` gives the encoded state from whichever local partition has the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.stores.base import SerializedStore

from features.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


class StageStore(SerializedStore):
    """A read-only view of the stage's partitions, in the form that Faust wants of a store."""

    def _partitions(self) -> list[Any]:
        topic = self.table.source_topic
        return [task.table.store for task in self.app.stages.tasks(topic).values()]

    def _get(self, key: bytes) -> bytes | None:
        return next((value for store in self._partitions() if (value := store.get(key)) is not None), None)

    def _set(self, key: bytes, value: bytes | None) -> None:
        raise StoreError(f"needed the stage to write table {self.table_name}, got a write from elsewhere")

    def _del(self, key: bytes) -> None:
        self._set(key, None)

    def _iterkeys(self) -> Iterator[bytes]:
        return (key for key, _ in self._iteritems())

    def _itervalues(self) -> Iterator[bytes | None]:
        return (value for _, value in self._iteritems())

    def _iteritems(self) -> Iterator[tuple[bytes, bytes]]:
        for store in self._partitions():
            yield from store.items()

    def _size(self) -> int:
        return sum(1 for _ in self._iteritems())

    def _contains(self, key: bytes) -> bool:
        return self._get(key) is not None

    def _clear(self) -> None:
        raise StoreError("needed a stage to clear its table, got a clear from elsewhere")

    def reset_state(self) -> None:
        """Keep the directories: they are the stages' own."""

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """Refuse: the changelog is the backup."""
        raise StoreError(f"needed no backup of {tp}: its changelog is one; got asked for one")

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """Refuse: the changelog is the backup."""
        raise StoreError(f"needed no backup of {tp}: its changelog is one; got asked to restore one")
