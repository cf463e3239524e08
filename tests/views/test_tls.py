"""The views over TLS: workers ask each other over it too, and a half set-up is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.test_utils import TestServer

from app.settings import Settings
from app.views.locate import connect_peers
from app.views.peers import reachable
from app.views.routes import create_application
from app.web_tls import asking_tls, serving_tls
from features.errors import SettingsError
from tests.app.test_secured import make_certificate
from tests.views.worlds import NOW_MS, HeldWorker, paid, silent_tail

if TYPE_CHECKING:
    from pathlib import Path


async def test_workers_serve_and_ask_each_other_over_tls(tmp_path: Path) -> None:
    """An account of the peer is found through its certificate; the answer tells browsers to stay with TLS."""
    make_certificate(tmp_path)
    certificate = tmp_path / "certificate.pem"
    files: dict[str, Any] = {
        "web_tls_cert_file": certificate,
        "web_tls_key_file": tmp_path / "key.pem",
        "web_tls_ca_file": certificate,
    }
    settings = Settings(**files)
    one, two = HeldWorker(options=files), HeldWorker(options=files)
    two.hold("transactions", 0, ravi_okaxis=paid(NOW_MS - 1000))
    servers = []
    try:
        for worker in (one, two):
            server = TestServer(create_application(worker, (connect_peers, silent_tail)), host="localhost")  # type: ignore[arg-type]
            await server.start_server(access_log=None, ssl=serving_tls(settings))
            servers.append(server)
        one.peer_urls = [reachable(settings, f"http://localhost:{servers[1].port}")]
        tls = asking_tls(settings)
        assert tls is not None
        async with ClientSession(connector=TCPConnector(ssl=tls)) as session:
            url = f"https://localhost:{servers[0].port}/payers/ravi@okaxis"
            async with session.get(url) as response:
                assert response.status == 200
                assert "Strict-Transport-Security" in response.headers
    finally:
        for server in servers:
            await server.close()


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    """So is one that is none."""
    with pytest.raises(SettingsError, match="both"):
        serving_tls(Settings(web_tls_cert_file=tmp_path / "c.pem"))
    with pytest.raises(SettingsError, match="PEM"):
        serving_tls(Settings(web_tls_cert_file=tmp_path / "c.pem", web_tls_key_file=tmp_path / "k.pem"))
