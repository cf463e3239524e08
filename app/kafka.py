"""How our own Kafka clients connect: the address from Faust's `BROKER_URL`, the rest from our settings.

Faust's consumer and producer and our admin, changelog and alignment clients all take the same credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka.helpers import create_ssl_context
from faust.auth import SASLCredentials, SSLCredentials

if TYPE_CHECKING:
    import ssl

    from app.settings import Settings

DEFAULT_PORT = 9092


def bootstrap_servers(broker_urls: list[Any]) -> list[str]:
    """Return `host:port` of each of Faust's broker URLs."""
    return [f"{url.host or '127.0.0.1'}:{url.port or DEFAULT_PORT}" for url in broker_urls]


def _ssl_context(settings: Settings) -> ssl.SSLContext | None:
    if not settings.kafka_security_protocol.endswith("SSL"):
        return None
    context: ssl.SSLContext = create_ssl_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)
    return context


def client_options(settings: Settings, broker_urls: list[Any]) -> dict[str, Any]:
    """Return what every aiokafka client of ours is made with."""
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers(broker_urls),
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": _ssl_context(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password
    return options


def faust_credentials(settings: Settings) -> SASLCredentials | SSLCredentials | None:
    """Return the same as Faust wants it; None for plain text."""
    context = _ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password,
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context=context) if context is not None else None
