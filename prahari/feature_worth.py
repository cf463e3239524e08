"""`prahari models worth` measures what features are worth, `prahari models features` writes them down."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from features.clock import HOUR_MS
from models.console import Console, read_time
from prahari.output import say
from rules import DEFAULT_RULES, load_rules

DEFAULT_PAGE = Path("docs/features.md")


def worth(  # noqa: PLR0917 - a command line has many options
    history: Annotated[Path, typer.Option(help="History file with labels: .parquet, .csv, .jsonl.")],
    out: Annotated[Path, typer.Option(help="JSON file for what was measured.")],
    since: Annotated[str | None, typer.Option("--from", help="Earlier payments only warm the tables.")] = None,
    until: Annotated[str | None, typer.Option(help="Nothing later is seen, no verdict either.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same history and seed: same numbers.")] = 1,
    rules: Annotated[
        Path, typer.Option(help="Rules whose score the model reads.", show_default="rules/rules.yaml")
    ] = DEFAULT_RULES,
    made_by: Annotated[str, typer.Option(help="The command that made the history, to stand beside the numbers.")] = "",
) -> None:
    """Measure what each family of features, and each feature, is worth to a model of this history."""
    import msgspec  # noqa: PLC0415 - heavy, and --help should not wait for it

    from models.train import Plan, gather  # noqa: PLC0415 - as above
    from models.worth import slices  # noqa: PLC0415
    from models.worth import worth as measure  # noqa: PLC0415

    live = load_rules(rules)
    plan = Plan(history, out, live, seed, read_time(since, "--from"), read_time(until, "--until"), 72 * HOUR_MS)
    with Console() as console:
        dataset, findings = gather(plan, console.on_payment)
        console.on_findings(findings)
        found = measure(slices(dataset, seed), live, seed=seed, on_step=say)
    commands = [command for command in (made_by, _command()) if command]
    out.write_bytes(msgspec.json.format(msgspec.json.encode({"commands": commands, **found}), indent=2) + b"\n")
    say(f"written: {out}; `prahari models features` takes it into the page if it stands in {DEFAULT_PAGE.parent}/worth")


def features(out: Annotated[Path, typer.Option(help="The page, Markdown.")] = DEFAULT_PAGE) -> None:
    """Write the list of features as a page, with what was measured in the folder `worth` beside it."""
    from models.feature_page import WORTH, page, read_worth  # noqa: PLC0415

    out.write_text(page(read_worth(out.parent / WORTH)), encoding="utf-8")
    say(f"written: {out}")


def _command() -> str:
    """Return the command line as it is typed, without --made-by, whose text stands before it."""
    words = sys.argv[1:]
    kept = [word for at, word in enumerate(words) if word != "--made-by" and words[at - 1 : at] != ["--made-by"]]
    return "prahari " + shlex.join(kept if kept[:1] == ["models"] else ["models", *kept])
