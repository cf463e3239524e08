"""Serves the views in Faust's place: same bind, port and life cycle, none of its pages.

Faust's own web server would offer table contents, a router and statistics, each a setting or an environment variable
away. Here there is no such page to switch on.
"""

from __future__ import annotations

import logging
import socket
from typing import Any, ClassVar

from aiohttp.web import AppRunner
from faust.web.drivers import aiohttp as driver

from app.views.access import check_exposure
from app.views.access_log import WithoutRequestBytes
from app.views.routes import create_application
from app.views.worker import Worker
from features.errors import SettingsError

_SHUTDOWN_S = 2.0
_KEEP_ALIVE_S = 75.0

protocol_logger = logging.getLogger("prahari.web.protocol")
protocol_logger.addFilter(WithoutRequestBytes())


def require_free(host: str, port: int) -> None:
    """Raise `SettingsError` where the views' port cannot be had: Faust would end with a trace of its own insides."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as exc:
        raise SettingsError(
            f"needed {host}:{port} for the web views, got: {exc.strerror}. Set another WEB_PORT (or --port), end what "
            "listens there, or start with --without-web."
        ) from exc


class ViewServer(driver.Web):  # type: ignore[misc] # Faust's classes are followed as Any
    """Faust's aiohttp web server with our application."""

    default_blueprints: ClassVar[tuple[()]] = ()
    production_blueprints: ClassVar[tuple[()]] = ()
    debug_blueprints: ClassVar[tuple[()]] = ()
    optional_blueprints: ClassVar[tuple[()]] = ()

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.web_app = create_application(Worker(app))
        self._runner = AppRunner(
            self.web_app,
            access_log=None,
            logger=protocol_logger,
            shutdown_timeout=_SHUTDOWN_S,
            keepalive_timeout=_KEEP_ALIVE_S,
        )

    async def on_start(self) -> None:
        """Listen, in the loop of the stages: views look into their tables, which no other thread may."""
        conf = self.app.conf
        try:
            if conf.web_transport.scheme != "unix":
                settings = self.app.prahari
                check_exposure(settings.api_token, conf.web_bind, settings.api_tokens_file)
                require_free(conf.web_bind, conf.web_port)
        except SettingsError as exc:
            self.app.end_process("web", exc)
        self.init_server()
        self.add_dependency(driver.Server(self, loop=self.loop, beacon=self.beacon))
