"""TLS of the views: the certificate that a worker shows, and what it checks its peers' by."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from features.errors import SettingsError

if TYPE_CHECKING:
    from app.settings import Settings


def serving_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return the context that serves the views; None for plain HTTP. Raises `SettingsError` for files that cannot be.

    >>> from app.settings import Settings
    >>> serving_tls(Settings()) is None
    True
    """
    cert, key = settings.web_tls_cert_file, settings.web_tls_key_file
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise SettingsError("needed both PRAHARI_WEB_TLS_CERT_FILE and PRAHARI_WEB_TLS_KEY_FILE, got one of them")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(f"needed a certificate and its key in PEM, got {cert} and {key}: {exc}") from exc
    return context


def asking_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return the context that asks peers; None where they speak plain HTTP."""
    if settings.web_tls_cert_file is None:
        return None
    ca_file = settings.web_tls_ca_file
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(f"needed certificates of authorities in PEM, got {ca_file}: {exc}") from exc
