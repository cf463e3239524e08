"""What training found in a history: rows read, set aside and used, and whether there is enough to learn from.

Nothing here refuses a file; it tells the operator what is odd about it before minutes are spent on training.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from features.clock import DAY_MS, HOUR_MS, format_event_time

_BAD_ROWS_SHOWN = 5
_LONG_GAP_MS = 24 * HOUR_MS
_RARE_FRAUD = 0.0001
_MUCH_FRAUD = 0.2


@dataclass(slots=True)
class Findings:
    """Counts of one pass over a history; `payments` are those accepted, whether used or not."""

    payments: int = 0
    before_from: int = 0
    unlabelled: int = 0
    label_too_late: int = 0
    used: int = 0
    frauds: int = 0
    duplicates: int = 0
    conflicts: int = 0
    bad_rows: int = 0
    bad_examples: list[str] = field(default_factory=list)
    first_ms: int | None = None
    last_ms: int | None = None
    longest_gap_ms: int = 0
    gap_at_ms: int = 0

    def saw_bad_row(self, row: int, wrong: str) -> None:
        """Set a row aside with what was wrong."""
        self.bad_rows += 1
        if len(self.bad_examples) < _BAD_ROWS_SHOWN:
            self.bad_examples.append(f"row {row}: {wrong}")

    def saw_payment(self, event_time_ms: int) -> None:
        """Count an accepted payment and mind the gap before it."""
        self.payments += 1
        if self.last_ms is None:
            self.first_ms = event_time_ms
        elif event_time_ms - self.last_ms > self.longest_gap_ms:
            self.longest_gap_ms, self.gap_at_ms = event_time_ms - self.last_ms, self.last_ms
        self.last_ms = event_time_ms

    def lines(self) -> list[str]:
        """Write the report, warnings last.

        >>> findings = Findings()
        >>> findings.saw_payment(0)
        >>> findings.lines()[0]
        '1 payments from 1970-01-01T05:30:00.000+05:30 to 1970-01-01T05:30:00.000+05:30 (0.0 days)'
        """
        if self.first_ms is None or self.last_ms is None:
            return [f"no payment could be used; {self.bad_rows} rows were set aside", *self.bad_examples]
        days = (self.last_ms - self.first_ms) / DAY_MS
        span = f"from {format_event_time(self.first_ms)} to {format_event_time(self.last_ms)} ({days:.1f} days)"
        used = f"{self.used:,} used, {self.frauds:,} of them frauds ({self.frauds / max(self.used, 1):.2%})"
        left = (
            f"{self.before_from:,} only warm the tables, {self.unlabelled:,} have no label, "
            f"{self.label_too_late:,} labels come too late"
        )
        repeats = f"{self.duplicates:,} repeated, {self.conflicts:,} repeated with other content"
        return [f"{self.payments:,} payments {span}", used, f"not used: {left}; {repeats}", *self._warnings()]

    def _warnings(self) -> list[str]:
        warnings = []
        if self.bad_rows:
            examples = "; ".join(self.bad_examples)
            warnings.append(f"warning: {self.bad_rows:,} rows are invalid and were set aside: {examples}")
        if self.longest_gap_ms > _LONG_GAP_MS:
            hours = self.longest_gap_ms / HOUR_MS
            warnings.append(f"warning: no payments for {hours:.0f} h after {format_event_time(self.gap_at_ms)}")
        share = self.frauds / max(self.used, 1)
        if self.used and not _RARE_FRAUD <= share <= _MUCH_FRAUD:
            warnings.append(f"warning: a fraud share of {share:.4%} is unusual; is `is_fraud` what it should be?")
        return warnings
