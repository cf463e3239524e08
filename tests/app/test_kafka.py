"""One set of credentials for every client: Faust's own and ours."""

from __future__ import annotations

import ssl

import pytest
from faust.auth import SASLCredentials, SSLCredentials
from yarl import URL

from app.kafka import client_options, faust_credentials
from app.settings import Settings

BROKERS = [URL("kafka://one:9093"), URL("kafka://two")]


def settings(protocol: str) -> Settings:
    """Return settings for a Kafka of this protocol."""
    return Settings(kafka_security_protocol=protocol, kafka_username="bank", kafka_password="secret")


def test_plain_text_needs_nothing() -> None:
    """The default is a Kafka of one's own."""
    options = client_options(settings("PLAINTEXT"), BROKERS)

    assert options["bootstrap_servers"] == ["one:9093", "two:9092"]
    assert (options["security_protocol"], options["ssl_context"]) == ("PLAINTEXT", None)
    assert faust_credentials(settings("PLAINTEXT")) is None


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_password_reaches_faust_and_our_clients_alike(protocol: str) -> None:
    """With SASL_SSL the connection is encrypted as well."""
    options = client_options(settings(protocol), BROKERS)
    credentials = faust_credentials(settings(protocol))

    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("bank", "secret")
    assert isinstance(credentials, SASLCredentials)
    assert (credentials.username, credentials.protocol.value) == ("bank", protocol)
    assert isinstance(options["ssl_context"], ssl.SSLContext) is (protocol == "SASL_SSL")


def test_tls_alone_needs_no_password() -> None:
    """Certificates are checked against the system's authorities, or PRAHARI_KAFKA_CA_FILE."""
    assert isinstance(faust_credentials(settings("SSL")), SSLCredentials)
    assert "sasl_mechanism" not in client_options(settings("SSL"), BROKERS)
