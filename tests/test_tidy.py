"""What no linter checks: who may import whom, how long things may be, and what pure code must not touch.

Each finding names the line and what to do instead. Only folders that exist are looked at.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MODULE_LINES_MAX = 200
FUNCTION_LINES_MAX = 40

OWN = (
    *("features", "rules", "models", "budget", "replay", "tables"),
    *("agents", "app", "simulator", "backtest", "benchmarks", "deploy", "prahari"),
)
#: What each folder may import of ours, by design.md section 2; a file's own entry overrides its folder's.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "features": frozenset(),
    "budget": frozenset({"features"}),
    "rules": frozenset({"features"}),
    "models": frozenset({"features", "rules", "replay"}),
    "replay": frozenset({"features", "rules", "models", "budget"}),
    "tables": frozenset({"features"}),
    "agents": frozenset({"features", "rules", "models", "budget", "tables", "replay"}),
    "backtest": frozenset({"features", "rules", "models", "budget", "replay"}),
    "simulator": frozenset({"features", "replay", "app"}),  # it streams through app's Kafka client
    "app": frozenset(OWN),
    "prahari": frozenset(OWN),
    "models/__main__.py": frozenset({"features", "rules", "prahari"}),  # another name of `prahari models`
    "benchmarks": frozenset(OWN),
    "deploy": frozenset(),
}
#: Scoring is called by stages and replay alike, so it may not know replay.
SCORING = ("scoring", "risk", "artifact", "reasons", "shapley", "calibration", "isolation", "logistic", "manifest")
#: The same job on stock Faust, for comparison; nothing of ours imports it.
STOCK_FAUST = ("benchmarks/engines/stock_faust.py",)
PURE = ("features", "rules", "budget", "replay")
PURE_MODULES = tuple(f"models/{name}.py" for name in SCORING)

#: What pure code must not touch, and what it does instead.
BANNED_IMPORTS = {
    "time": "event times come with the payment: take time_ms as an argument",
    "random": "pure code repeats itself: take a seed, or a hash of the id",
    "secrets": "pure code repeats itself: take a seed, or a hash of the id",
    "os": "settings are read once, in app/settings.py: take the value as an argument",
    "socket": "pure code knows no network: take the data as an argument",
    "asyncio": "pure code does not wait: let the agent await and pass the data in",
    "faust": "only app knows Faust: take what is needed as an argument",
    "aiokafka": "only app knows Kafka: take what is needed as an argument",
    "pickle": "states and artifacts are bytes, text or JSON with a version: write a codec",
}
BANNED_CALLS = {
    "print": "return the value, or let app log it",
    "input": "take the value as an argument",
    "open": "take a pathlib.Path or the content as an argument",
    "datetime.now": "take time_ms as an argument",
    "datetime.utcnow": "take time_ms as an argument",
    "date.today": "take the IST day as an argument",
    "default_rng": "take the generator, seeded by the caller, as an argument",
    "os.environ": "settings are read once, in app/settings.py: take the value as an argument",
}
BANNED_WORDS = {
    "FIX" + "ME": "finish it, or file an issue and say what is missing in words",
    "TO" + "DO": "finish it, or file an issue and say what is missing in words",
    "auto" + "discover=True": "import agents by name in app/pipeline.py, so that a broken module is seen",
}


@dataclass(frozen=True)
class Module:
    """One file of ours, parsed."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Return the path from the root, as findings show it."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def folder(self) -> str:
        """Return the top folder."""
        return self.path.relative_to(ROOT).parts[0]


def modules(*folders: str) -> Iterator[Module]:
    """Yield every Python file of the given folders that exist."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield Module(path, text, ast.parse(text, str(path)))


ALL = list(modules(*OWN))
TESTS = list(modules("tests"))


def is_pure(module: Module) -> bool:
    """Tell whether a module may know neither clock nor chance nor the outside."""
    return module.folder in PURE or module.name in PURE_MODULES


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and full name of what is imported when the module is loaded or a function runs; not for types only."""
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def report(findings: list[str]) -> None:
    """Fail with one line per finding."""
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


def test_imports_follow_the_layers() -> None:
    """Design section 2: features and budget know nothing of the rest, agents know neither Faust nor app."""
    findings = []
    for module in ALL:
        allowed = MAY_IMPORT.get(module.name, MAY_IMPORT[module.folder]) | {module.folder}
        if module.name in PURE_MODULES:
            allowed -= {"replay"}
        for line, name in imports(module.tree):
            top = name.split(".", maxsplit=1)[0]
            if name.startswith("."):
                findings.append(f"{module.name}:{line}: relative import; write the full name")
            elif top in OWN and top not in allowed:
                findings.append(
                    f"{module.name}:{line}: {module.folder} imports {name}; it may import {sorted(allowed)}: "
                    "move what both need down, or pass it in as an argument"
                )
            elif top in ("faust", "mode") and module.folder != "app" and module.name not in STOCK_FAUST:
                findings.append(
                    f"{module.name}:{line}: imports {name}; only app knows Faust: pass it in as an argument"
                )
    report(findings)


def test_pure_code_knows_no_clock_no_chance_and_no_environment() -> None:
    """The same input gives the same answer, in the stream, in replay and next year."""
    findings = []
    for module in filter(is_pure, ALL):
        for line, name in imports(module.tree):
            instead = BANNED_IMPORTS.get(name.split(".", maxsplit=1)[0])
            if instead:
                findings.append(f"{module.name}:{line}: imports {name}; {instead}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call | ast.Attribute):
                called = ast.unparse(node.func if isinstance(node, ast.Call) else node)
                for banned, instead in BANNED_CALLS.items():
                    if called == banned or ("." in banned + called and called.endswith(f".{banned}")):
                        findings.append(f"{module.name}:{node.lineno}: uses {banned}; {instead}")
    report(findings)


def test_modules_and_functions_are_short_and_say_what_they_are_for() -> None:
    """At most 200 lines a module and 40 a function, and a docstring on top of each module."""
    findings = []
    for module in ALL:
        lines = module.text.count("\n")
        if lines > MODULE_LINES_MAX:
            findings.append(f"{module.name}: {lines} lines, at most {MODULE_LINES_MAX}; split it by job")
        if not ast.get_docstring(module.tree):
            findings.append(f"{module.name}:1: no module docstring; say what the module is for")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    found = f"{module.name}:{node.lineno}: {node.name} has {length} lines"
                    findings.append(f"{found}, at most {FUNCTION_LINES_MAX}; name its steps as functions")
    report(findings)


def test_nothing_is_left_for_later_in_a_comment() -> None:
    """Open ends are issues, where they are seen."""
    findings = [
        f"{module.name}:{number}: {word}; {instead}"
        for module in ALL + TESTS
        for number, line in enumerate(module.text.splitlines(), 1)
        for word, instead in BANNED_WORDS.items()
        if word in line
    ]
    report(findings)


def test_tests_say_what_they_show() -> None:
    """Each test has a docstring: its name and that line read as the specification."""
    findings = [
        f"{module.name}:{node.lineno}: {node.name} has no docstring; say in a line what must hold"
        for module in TESTS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    report(findings)
