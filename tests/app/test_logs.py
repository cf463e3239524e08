"""Logs as JSON: each line is one object, errors and all."""

from __future__ import annotations

import re
import subprocess
import sys

import orjson
import pytest

from app.logs import logging_config

SCRIPT = """
import logging
from mode.utils.logging import setup_logging
from app.logs import logging_config
setup_logging(loglevel="info", logging_config=logging_config("json"))
logging.getLogger("prahari").warning("two\\nlines, %d alerts", 3)
try:
    {}["x"]
except KeyError:
    logging.getLogger("prahari").exception("it broke")
"""
SERVICES = """
import logging, sys
from mode.utils.logging import setup_logging
from app.logs import quieten_services
setup_logging(loglevel=sys.argv[1])
quieten_services()
logging.getLogger("faust.app").info("Starting...")
logging.getLogger("app.views.server").info("[%s]: Starting...", "^--ViewServer")
logging.getLogger("aiokafka.consumer").info("Updating subscribed topics")
logging.getLogger("prahari").info("worker ready")
"""


def test_each_line_of_a_worker_is_one_json_object() -> None:
    """Faust's own set-up of logging takes the configuration; a message or a trace with line breaks stays one line."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, timeout=60)

    first, second = [orjson.loads(line) for line in done.stderr.splitlines() if b"prahari" in line]
    assert first["message"] == "two\nlines, 3 alerts"
    assert (first["level"], first["logger"]) == ("warning", "prahari")
    assert "KeyError" in second["error"]


def test_text_is_in_colours_on_a_terminal_and_plain_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets what Faust does by itself; a file has no escapes, and the same fields."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace('"json"', '"text"')], capture_output=True, check=True, timeout=60
    )
    said = (done.stdout + done.stderr).decode()

    assert re.search(r"^\[.+\] \[\d+\] \[WARNING\] two$", said, re.MULTILINE)
    assert "\x1b" not in said
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert logging_config("text") is None


@pytest.mark.parametrize(("level", "told"), [("info", False), ("debug", True)])
def test_services_tell_of_their_starting_at_level_debug_only(level: str, told: bool) -> None:
    """An operator reads what happens to partitions, not which of Faust's threads came up."""
    done = subprocess.run([sys.executable, "-c", SERVICES, level], capture_output=True, check=True, timeout=60)
    said = (done.stdout + done.stderr).decode()

    assert "worker ready" in said
    assert said.count("Starting") == (2 if told else 0)
    assert ("Updating" in said) is told
