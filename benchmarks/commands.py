"""What the commands do: measure, show the table, write the results."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import drain as draining
from benchmarks.engines import steady as of_engines
from benchmarks.engines.run import Wish, engines
from benchmarks.load import Plan
from benchmarks.model import ensure_model
from benchmarks.recovery import recovery
from benchmarks.results import Recorder
from benchmarks.score import score
from benchmarks.stages import stages
from benchmarks.state import state
from benchmarks.steady import steady
from benchmarks.tables import COLUMNS, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

console = Console(highlight=False)
BACKLOG_RATE = 8_000.0


def measure_drain(transactions: Sequence[int], workers: Sequence[int], rate: float = BACKLOG_RATE) -> None:
    """Drain each size with each number of workers."""
    model = ensure_model()

    def run(count: int, number: int) -> Callable[[Callable[[str], None]], list[dict[str, Any]]]:
        def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
            plan = Plan(count, int(time.time() * 1000 - count / rate * 1000), rate)
            return [draining.as_json(draining.drain(plan, number, model, say))]

        return measure

    sizes = " ".join(f"--transactions {count}" for count in transactions)
    command = f"drain {sizes} {' '.join(f'--workers {number}' for number in workers)} --rate {rate:g}"
    _measure("drain", command, (run(count, number) for count in transactions for number in workers))


def measure_steady(rates: Sequence[float], seconds: float, workers: int) -> None:
    """Hold each rate and tell latencies."""
    model = ensure_model()
    command = f"steady {_told(rates)} --seconds {seconds:g} --workers {workers}"
    _measure("steady", command, [lambda say: steady(rates, seconds, workers, model, say)])


def measure_score(rates: Sequence[float], seconds: float) -> None:
    """Ask for verdicts at each rate and tell latencies."""
    model = ensure_model()
    command = f"score {_told(rates)} --seconds {seconds:g}"
    _measure("score", command, [lambda say: score(rates, seconds, model, say)])


def measure_state(accounts: int, payments: int) -> None:
    """Let a whale grow over full tables."""
    model = ensure_model()
    command = f"state --accounts {accounts} --payments {payments}"
    _measure("state", command, [lambda say: [state(accounts, payments, model, say)]])


def measure_recovery(accounts: int) -> None:
    """Restore a wiped datadir."""
    model = ensure_model()
    _measure("recovery", f"recovery --accounts {accounts}", [lambda say: [recovery(accounts, model, say)]])


def measure_stages(transactions: int) -> None:
    """Sample a worker while it drains."""
    model = ensure_model()
    _measure("stages", f"stages --transactions {transactions}", [lambda say: [stages(transactions, model, say)]])


def measure_engines(names: Sequence[str], transactions: int, workers: int) -> None:
    """Run other engines and Prahari one after the other."""
    model = ensure_model()
    command = f"engines {' '.join(names)} --transactions {transactions} --workers {workers}"
    _measure("engines", command, [lambda say: engines(Wish(names, transactions, workers), model, say)])


def measure_engines_steady(names: Sequence[str], rates: Sequence[float], seconds: float) -> None:
    """Run one worker of other engines and of Prahari one after the other, at fixed rates."""
    model = ensure_model()
    command = f"engines-steady {' '.join(names)} {_told(rates)} --seconds {seconds:g}"
    wish = of_engines.Wish(names, rates, seconds)
    _measure("engines-steady", command, [lambda say: of_engines.engines_steady(wish, model, say)])


def _told(rates: Sequence[float]) -> str:
    return " ".join(f"--rate {rate:g}" for rate in rates)


def _measure(
    name: str, command: str, measures: Iterable[Callable[[Callable[[str], None]], list[dict[str, Any]]]]
) -> None:
    recorder = Recorder(name, f"python -m benchmarks {command}")
    runs: list[dict[str, Any]] = []
    for measure in measures:
        with console.status(name) as status:
            found = measure(lambda text: status.update(f"{name}: {text}"))
        console.print(table(COLUMNS[name], found), soft_wrap=True)
        runs += found
    console.print(f"written to {recorder.write(runs)}")
