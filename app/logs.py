"""Logs for machines: one JSON object per line, where `PRAHARI_LOG_FORMAT=json` asks for it.

Text is in colours on a terminal and plain in a file: looking colours up for each line costs more than the line.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_PLAIN = "[%(asctime)s] [%(process)s] [%(levelname)s] %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message and, where there is one, the error with its trace.

    >>> record = logging.LogRecord("prahari", logging.WARNING, "", 0, "%d alerts", (3,), None)
    >>> orjson.loads(JsonFormatter().format(record))["message"]
    '3 alerts'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        content: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            content["error"] = self.formatException(record.exc_info)
        return orjson.dumps(content, default=str).decode()


def logging_config(log_format: str) -> dict[str, Any] | None:
    """Return what Faust's worker sets its logging up with; None is Faust's own coloured text, for a terminal."""
    if log_format != "json":
        plain = {"()": logging.Formatter, "format": _PLAIN}
        return None if sys.stdout.isatty() else {"merge": True, "formatters": {"colored": plain}}
    return {
        "merge": True,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"default": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    }


class WithoutServices(logging.Filter):
    """Leaves out what services say of their starting and stopping, whichever module a service is of."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep warnings, and what does not begin as a service's lines do."""
        return record.levelno > logging.INFO or not record.getMessage().startswith("[^")


def quieten_services() -> None:
    """Leave to the level debug what some thirty services say of their coming and going, and clients of their topics."""
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        for name in ("faust", "mode", "aiokafka"):
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logging.getLogger().handlers:
            handler.addFilter(WithoutServices())
