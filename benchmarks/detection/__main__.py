"""`python -m benchmarks.detection run NAME --out DIR`: data as others design it, through train and backtest.

Makes the data, trains with `python -m models train` and scores the test span with `python -m backtest`, both as anybody
would, then learns gradient boosting on hand-made features from the very same payments, and writes one JSON file.
`table` puts such files into the table of docs/detection.md.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import polars as pl
import typer

from benchmarks.detection import baseline, measure
from benchmarks.detection.history import DELAY_MS, SETS, write
from benchmarks.detection.seeds import seeds_table
from benchmarks.detection.telling import table
from features.clock import DAY_MS
from features.errors import PrahariError

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)

TEST_DAY, TEST_DAYS = 129, 7
"""The Handbook's: it learns from 25 July 2018 on, and tests on the week of 8 August."""

OURS = "prahari"
Out = Annotated[Path, typer.Option(help="Folder for data, model, scores and the result.")]


@app.command()
def run(  # noqa: PLR0917 - a command line has many options
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SETS)}.")],
    out: Out,
    learn_days: Annotated[int, typer.Option(help="Days to learn from; they end a week before the test.")] = 7,
    test_days: Annotated[int, typer.Option(help="Days to test on.")] = TEST_DAYS,
    test_day: Annotated[int, typer.Option(help="Day of the world on which the test begins.")] = TEST_DAY,
    seed: Annotated[int, typer.Option(help="Which world.")] = 0,
) -> None:
    """Make, train, backtest, compare."""
    out.mkdir(parents=True, exist_ok=True)
    path, model, scores = out / f"{name}-{seed}.parquet", out / "model", out / "scores.parquet"
    history = pl.read_parquet(path) if path.exists() else write(name, path, seed)
    test_ms = SETS[name].start_ms + test_day * DAY_MS
    since_ms, until_ms = test_ms - DELAY_MS - learn_days * DAY_MS, test_ms + test_days * DAY_MS
    started = time.monotonic()
    learn = ["--from", str(since_ms), "--until", str(test_ms)]
    _ours("models", "train", "--history", str(path), "--out", str(model), *learn)
    test = ["--from", str(test_ms), "--until", str(until_ms), "--scores", str(scores)]
    _ours("backtest", "--history", str(path), "--model", str(model), *test, "--report", str(out / "page.html"))
    took = time.monotonic() - started
    result = compare(history.filter(pl.col("event_time") < until_ms), scores, since_ms, test_ms)
    about = {
        "set": name,
        "seed": seed,
        "learn_days": learn_days,
        "test_days": test_days,
        "test_day": test_day,
        "seconds": round(took),
    }
    command = f"python -m benchmarks.detection run {name} --learn-days {learn_days} --test-days {test_days}"
    command += f" --test-day {test_day} --seed {seed} --out DIR"
    target = out / f"{name}-{learn_days}d-{test_day}-{seed}.json"
    target.write_bytes(orjson.dumps({**about, "command": command, **result}, option=orjson.OPT_INDENT_2))
    sys.stdout.write(table([orjson.loads(target.read_bytes())]) + "\n")


@app.command(name="table")
def tell(results: Annotated[list[Path], typer.Argument(help="JSON files that `run` wrote.")]) -> None:
    """Print the table of docs/detection.md."""
    sys.stdout.write(table([orjson.loads(path.read_bytes()) for path in results]) + "\n")


@app.command(name="seeds")
def tell_seeds(results: Annotated[list[Path], typer.Argument(help="JSON files of `run` that differ in seed.")]) -> None:
    """Print the tables of docs/detection.md that have a line a world."""
    sys.stdout.write(seeds_table([orjson.loads(path.read_bytes()) for path in results]) + "\n")


def compare(history: pl.DataFrame, scores: Path, since_ms: int, test_ms: int) -> dict[str, Any]:
    """Score the test span with what others do, on the same split, and measure all alike."""
    frame = baseline.with_features(history)
    known = pl.col("event_time") + DELAY_MS <= test_ms
    learn = frame.filter((pl.col("event_time") >= since_ms) & known)
    test = frame.filter(pl.col("event_time") >= test_ms)
    ours = pl.read_parquet(scores, columns=["transaction_id", "score"])
    test = test.join(ours, on="transaction_id", how="left", maintain_order="left")
    ranked = {OURS: measure.as_array(test["score"])}
    ranked |= {f"LightGBM, {kind}": baseline.scores(learn, test, kind) for kind in baseline.SETS}
    test = test.with_columns(pl.Series(name, values) for name, values in ranked.items())
    spans = {"known payers out": measure.without_known(test, history, since_ms, DELAY_MS), "all payments": test}
    return {
        "learned": {"payments": len(learn), "frauds": int(learn["is_fraud"].sum())},
        "spans": {
            span: {
                "payments": len(part),
                "frauds": int(part["is_fraud"].sum()),
                "rankings": {name: measure.measure(part, name) for name in ranked},
                "kinds": {name: measure.per_scenario(part, name) for name in ranked},
            }
            for span, part in spans.items()
        },
    }


def _ours(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], check=False)
    if done.returncode:
        raise PrahariError(f"python -m {arguments[0]} was needed and ended with {done.returncode}: see above")


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"benchmarks: {error}")
