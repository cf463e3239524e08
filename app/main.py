"""What `faust -A app.main worker` starts: the app, wired."""

from __future__ import annotations

import sys

from app import commands, event_loop
from app.faust_app import PrahariApp
from app.heap import limit_arenas
from app.pipeline import wire
from app.settings import load_settings
from app.transport import register
from features.errors import PrahariError

limit_arenas()
event_loop.use()
# Faust fetches in a thread of its own. At Python's 5 ms that thread waits for the interpreter longer than for Kafka: at
# 500 payments a second the median from produce to decision fell to 0.63-0.72 of what it was (two runs each, in turn).
sys.setswitchinterval(0.0005)


def create_app(**options: object) -> PrahariApp:
    """Return a wired app; `options` go to Faust, for tests."""
    register()
    created = PrahariApp(load_settings(), **options)
    wire(created)
    commands.register(created)
    return created


try:
    app = create_app()
except PrahariError as exc:
    sys.exit(str(exc))
