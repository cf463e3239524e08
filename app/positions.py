"""Whether the places that state says it applied still exist in the logs.

A place past a log's end means that the log lost its tail (an unclean leader election, a topic made anew): what comes
under those offsets next would be skipped as applied, so nothing may go on. A place before its beginning means that
retention deleted records which nobody had applied: they are gone, and that is said aloud.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from features.errors import AppliedBeyondEnd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP

logger = logging.getLogger(__name__)


def check_positions(
    positions: Mapping[TP, int], beginnings: Mapping[TP, int | None], ends: Mapping[TP, int | None]
) -> None:
    """Raise `AppliedBeyondEnd` where a log ends before the offset to read next; log what retention took."""
    beyond = {tp: end for tp, position in positions.items() if (end := ends.get(tp)) is not None and position > end}
    if beyond:
        places = "; ".join(f"{tp.topic}[{tp.partition}] to reach {positions[tp]}, got {beyond[tp]}" for tp in beyond)
        raise AppliedBeyondEnd(
            f"needed {places}: what was applied is no longer in the log, and what comes under its offsets would be "
            "skipped. Bring the log back from a replica that has it; else begin under another PRAHARI_TOPIC_PREFIX and "
            "warm up from an export."
        )
    for tp, position in positions.items():
        beginning = beginnings.get(tp) or 0
        if 0 < position < beginning:
            logger.error(
                "%s[%d]: records %d to %d were deleted by retention before they were applied; going on at %d. Keep the "
                "topic longer than workers may be away.",
                *(tp.topic, tp.partition, position, beginning - 1, beginning),
            )
