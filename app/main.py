"""What `faust -A app.main worker` starts: the app, wired."""

from __future__ import annotations

import sys

from mode.loop import use

from app import commands
from app.faust_app import PrahariApp
from app.pipeline import wire
from app.settings import load_settings
from app.transport import register
from features.errors import PrahariError

use("uvloop")


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
