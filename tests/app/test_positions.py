"""What state says it applied, against logs that lost their tail or their beginning."""

from __future__ import annotations

import logging

import pytest
from faust.types import TP

from app.positions import check_positions
from features.errors import AppliedBeyondEnd

LOG = TP("transactions", 0)


def test_a_place_inside_its_log_is_fine(caplog: pytest.LogCaptureFixture) -> None:
    """At the beginning, inside, at the end, or in a log that retention moved before anyone began: nothing to say."""
    for position, beginning, end in ((0, 0, 0), (0, 50, 90), (50, 50, 90), (90, 50, 90)):
        check_positions({LOG: position}, {LOG: beginning}, {LOG: end})

    assert not caplog.records


def test_a_log_that_lost_its_tail_is_refused() -> None:
    """Its next records would carry offsets that are skipped as applied."""
    with pytest.raises(AppliedBeyondEnd, match=r"transactions\[0\] to reach 91, got 90"):
        check_positions({LOG: 91}, {LOG: 0}, {LOG: 90})


def test_records_deleted_before_they_were_applied_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    """Retention cannot be undone, but it is not silent."""
    with caplog.at_level(logging.ERROR):
        check_positions({LOG: 10}, {LOG: 50}, {LOG: 90})

    assert "records 10 to 49 were deleted by retention" in caplog.text
