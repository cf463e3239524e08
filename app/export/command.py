"""The export from beginning to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.export.file import HistoryFile
from app.export.logs import Logs
from app.export.places import find_places
from app.export.rows import Rows
from app.export.survey import Reader, Span, survey
from features.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any


class Exported(NamedTuple):
    """What came of an export: rows written, and payments that are not decided yet and left out."""

    rows: int
    waiting: int


async def export(out: Path, client_options: Mapping[str, Any], topic_prefix: str, group: str, span: Span) -> Exported:
    """Write what the workers are done with; raises `TopicsError` or `HistoryError`.

    Done is what the payer stage has committed: everything that it led to is in the logs behind it.
    """
    with HistoryFile(out) as file:
        async with Logs(client_options, topic_prefix, group) as logs:
            partitions = await logs.partitions("transactions")
            bounds = await logs.bounds(partitions)
            done = await logs.committed(partitions)
            places = {tp: (begin, min(end, max(begin, done[tp]))) for tp, (begin, end) in bounds.items()}
            found = await survey(logs, places, span)
            order = await find_places(logs, found)
            rows, reader = Rows(found, order), Reader()
            ends = {tp: end for tp, (_, end) in places.items()}
            async for entry in logs.merge(ends, reader.read, key=lambda entry: entry.watermark_ms):
                file.add(rows.take(entry))
            file.add(rows.finish())
        waiting = sum(bounds[tp][1] - places[tp][1] for tp in partitions)
        if not file.rows:
            raise HistoryError(
                f"needed payments that workers are done with in {topic_prefix}transactions, got none "
                f"({waiting} records wait): start a worker, or see --from and --until"
            )
    return Exported(file.rows, waiting)
