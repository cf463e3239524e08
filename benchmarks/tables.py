"""How results read as tables: one set of columns per command, and the page of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Columns = dict[str, "Callable[[dict[str, Any]], str]"]


def _count(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda run: f"{run[field]:,.0f}"


def _us(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda run: "-" if run[field] is None else f"{run[field]:.1f}"


def _ms(field: str, share: str) -> Callable[[dict[str, Any]], str]:
    return lambda run: f"{run[field][share]:.0f}" if share in run[field] else "-"


def _tenths(field: str, share: str) -> Callable[[dict[str, Any]], str]:
    return lambda run: f"{run[field][share]:.1f}" if share in run[field] else "-"


def _percent(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda run: f"{run[field]:.1%}"


DRAIN: Columns = {
    "payments": _count("transactions"),
    "workers": _count("workers"),
    "payments/s": _count("decided_per_s"),
    "CPU us, all workers": _us("worker_cpu_us"),
    "each": lambda run: " + ".join(f"{cost:.1f}" for cost in run["each_worker_cpu_us"]),
    "CPU us per further payment": _us("marginal_worker_cpu_us"),
    "broker CPU us": _us("broker_cpu_us"),
    "start-up, s": _us("start_up_s"),
    "start-up, CPU s": _us("start_up_cpu_s"),
    "peak MB": lambda run: " + ".join(f"{peak:.0f}" for peak in run["peak_mb"]),
    "log bytes": lambda run: f"{sum(run['log_bytes'].values()):,.0f}",
    "alerts": _count("alerts"),
}
_DECISION_MS: Columns = {f"decision {share}": _ms("decision_ms", share) for share in ("p50", "p95", "p99", "p99.9")}
STEADY: Columns = {
    "payments/s": _count("rate"),
    "decided": _count("payments"),
    **_DECISION_MS,
    **{f"apart from slow spells, {share}": _ms("apart_ms", share) for share in ("p50", "p95", "p99", "p99.9")},
    "slow spells": _percent("slow_share"),
    "alerts": _count("alerts"),
    **{f"alert {share}": _ms("alert_ms", share) for share in ("p50", "p99")},
    "sent late, p99": _us("producer_late_ms"),
    "CPU us, workers": _us("worker_cpu_us"),
    "broker CPU us": _us("broker_cpu_us"),
}
SCORE: Columns = {
    "requests/s": _count("rate"),
    "answered": _count("answered"),
    "failed": _count("failed"),
    **{f"answer {share}": _tenths("answer_ms", share) for share in ("p50", "p95", "p99", "p99.9", "max")},
    **{f"apart from slow spells, {share}": _tenths("apart_ms", share) for share in ("p50", "p99")},
    "slow spells": _percent("slow_share"),
    "sent late, p99": _us("sent_late_ms"),
    "CPU us, worker": _us("worker_cpu_us"),
}
STATE: Columns = {
    "accounts": _count("accounts"),
    "payments": _count("payments"),
    "of them to the whale": _count("whale_payments"),
    "CPU us per tenth": lambda run: " ".join(f"{cost:.0f}" for cost in run["cpu_us_by_tenth"]),
    "end over begin": lambda run: f"{run['growth']:.2f}",
    "MB with all accounts": _count("filled_mb"),
    "MB at the end": _count("end_mb"),
    "peak MB": _count("peak_mb"),
    "MB on disk": _count("disk_mb"),
}
RECOVERY: Columns = {
    "accounts": _count("accounts"),
    "changelog records": _count("records"),
    "ready without datadir, s": _us("ready_s"),
    "with it, s": _us("ready_with_datadir_s"),
    "records/s": _count("records_per_s"),
    "peak MB": _count("peak_mb"),
}


def _parts(run: dict[str, Any]) -> str:
    return ", ".join(f"{part} {cost:.1f}" for part, cost in run["parts"].items() if cost >= 0.05)


STAGES: Columns = {
    "payments": _count("payments"),
    "samples": _count("samples"),
    "CPU us per payment": _us("cpu_us"),
    "of which": _parts,
}
ENGINES: Columns = {
    "engine": lambda run: str(run["engine"]),
    "payments": _count("transactions"),
    "workers": _count("workers"),
    "payments/s": _count("decided_per_s"),
    "CPU us with start-up": _us("cpu_us"),
    "CPU us per further payment": _us("marginal_cpu_us"),
    "broker, the same": _us("broker_marginal_cpu_us"),
    "peak MB": lambda run: " + ".join(f"{peak:.0f}" for peak in run["peak_mb"]),
}
ENGINES_STEADY: Columns = {
    "engine": lambda run: str(run["engine"]),
    "payments/s": _count("rate"),
    "decided": _count("payments"),
    **_DECISION_MS,
    "sent late, p99": _us("producer_late_ms"),
    "CPU us, worker": _us("worker_cpu_us"),
    "broker CPU us": _us("broker_cpu_us"),
}
COLUMNS: Mapping[str, Columns] = {
    "drain": DRAIN,
    "steady": STEADY,
    "score": SCORE,
    "state": STATE,
    "recovery": RECOVERY,
    "stages": STAGES,
    "engines": ENGINES,
    "engines-steady": ENGINES_STEADY,
}
TITLES = {
    "drain": "Drain: a backlog of payments, to the last decision",
    "steady": "Steady: ms from the producer's timestamp to the append time of decision and alert",
    "score": "Score: ms from when a `POST /score` was due to its answer, one worker",
    "state": "State: every account on disk, and a payee that grows",
    "recovery": "Recovery: a wiped datadir",
    "stages": "Stages: CPU us per payment of each part of its way",
    "engines": "Engines: a lighter job on others, the whole job on Prahari, one broker, one load",
    "engines-steady": "Engines, steady: ms from the producer's timestamp to the append time of the decision",
}


def table(columns: Columns, runs: Sequence[dict[str, Any]]) -> str:
    """Return runs as a Markdown table; a column is its title and what it shows of a run.

    >>> print(table({"n": lambda run: str(run["n"])}, [{"n": 1}]))
    | n |
    |--:|
    | 1 |
    """
    head = "| " + " | ".join(columns) + " |"
    rows = ["| " + " | ".join(show(run) for show in columns.values()) + " |" for run in runs]
    return "\n".join([head, "|" + "--:|" * len(columns), *rows])


def section(name: str, content: Mapping[str, Any], command: str) -> str:
    """Return one command's results as a section of the page: table, where it ran, and the plot."""
    machine = content["machine"]
    load, after = (", ".join(map(str, loads)) for loads in (machine["load_average"], content["load_average_after"]))
    where = (
        f"{machine['time']}, commit {machine['commit']}, {machine['cores']} cores ({machine['cpu']}), "
        f"{machine['memory_gb']} GB, Linux {machine['kernel']}, Python {machine['python']}, Kafka {machine['kafka']}; "
        f"load average before {load}, after {after}; `{command}`."
    )
    return f"## {TITLES[name]}\n\n{table(COLUMNS[name], content['runs'])}\n\n{where}\n\n![{name}]({name}.png)\n"
