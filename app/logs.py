"""Logs for machines: one JSON object per line, where `PRAHARI_LOG_FORMAT=json` asks for it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson


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
    """Return what Faust's worker sets its logging up with; None is Faust's own coloured text."""
    if log_format != "json":
        return None
    return {
        "merge": True,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"default": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    }


def quieten_services() -> None:
    """Leave to the level debug what some thirty services of Faust's say of their starting and stopping."""
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        for name in ("faust", "mode"):
            logging.getLogger(name).setLevel(logging.WARNING)
