"""What the training command reads from and writes to the terminal; progress bars only where somebody watches."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Self

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from features.clock import IST_OFFSET_MS
from features.errors import TrainingError
from models.fit import MOST_TREES

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from models.manifest import Manifest
    from models.survey import Survey
    from models.validate import Findings

_PAYMENTS_TOLD = 250_000
_IST = timezone(timedelta(milliseconds=IST_OFFSET_MS))


def read_time(text: str | None, option: str) -> int | None:
    """Read a time option as epoch milliseconds; raises TrainingError when it is no time.

    >>> read_time("1970-01-02", "--from"), read_time("1970-01-01T00:00:01Z", "--from"), read_time("5", "--from")
    (66600000, 1000, 5)
    """
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise TrainingError(f"{option} needs RFC 3339, YYYY-MM-DD or epoch milliseconds; got {text!r}") from exc
    return round((moment if moment.tzinfo else moment.replace(tzinfo=_IST)).timestamp() * 1000)


class Console:
    """Tells how training goes: bars on a terminal, plain lines in a log."""

    def __init__(self) -> None:
        self._console = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("replay payments", total=None, done="")
        self._phase = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_payment(self, count: int) -> None:
        """Show how many payments were replayed."""
        self._progress.update(self._task, done=f"{count:,}")
        if count % _PAYMENTS_TOLD == 0:
            self._tell(f"replay payments: {count:,}")

    def on_survey(self, seen: Survey) -> None:
        """Print what the file holds, before anything is done with it."""
        for line in seen.lines():
            self._console.print(line, markup=False)

    def on_findings(self, findings: Findings) -> None:
        """Print what the history holds."""
        for line in findings.lines():
            self._console.print(line, markup=False)

    def on_tree(self, phase: str, trees: int) -> None:
        """Show how many trees of this phase stand."""
        if phase != self._phase:
            self._phase = phase
            self._progress.reset(self._task, total=MOST_TREES, description=phase, done="")
            self._tell(phase)
        self._progress.update(self._task, completed=trees, done=f"{trees} trees")

    def _tell(self, text: str) -> None:
        """Say how far it is where no bar is seen: a log."""
        if not self._console.is_terminal:
            self._console.print(text, markup=False)

    def on_written(self, manifest: Manifest, out: Path) -> None:
        """Print what was trained and how well it does."""
        model = manifest.metrics["model"]
        self._console.print(
            f"model {manifest.version} in {out}: AUC {model['auc']:.4f}, average precision "
            f"{model['average_precision']:.4f}, recall at the budget {model['recall']:.1%} of a possible "
            f"{model['recall_ceiling']:.1%}, precision {model['precision']:.1%}",
            markup=False,
        )
