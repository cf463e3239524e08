"""The web views of a worker: read-only JSON over what the whole deployment holds.

Any worker answers for any account (`locate`); `routes` has every path on one page; `worker` is what the views know of
Faust; `server` puts them in the place of Faust's own pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.views.server import ViewServer

if TYPE_CHECKING:
    from app.faust_app import PrahariApp


def register(app: PrahariApp) -> None:
    """Make the views what the worker serves; before the app is started."""
    app.web = ViewServer(app)
