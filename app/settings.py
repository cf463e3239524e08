"""Our own settings, read once from `PRAHARI_*` and passed down; Faust's settings keep Faust's own names.

Nothing else reads the environment. A value that cannot be is refused at start, with a message that names it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.errors import SettingsError


class Settings(BaseSettings):
    """`PRAHARI_*`, all defaults visible."""

    model_config = SettingsConfigDict(env_prefix="PRAHARI_", frozen=True, extra="ignore")

    topic_prefix: str = Field("", pattern=r"^([a-zA-Z0-9_-]+\.)?$")
    """Goes before every topic, group and changelog name: `blue.` gives `blue.transactions`."""

    model_dir: Path | None = None
    """Artifact of `models train`; without one the worker runs on rules alone and says so."""

    model_store: Path | None = None
    """Directory of artifacts by version, the same for all workers; unless set, the one that holds PRAHARI_MODEL_DIR."""

    model_wait_s: float = Field(60.0, ge=0)
    """How long a model in force that is not in the store is waited for before the worker ends."""

    rules: Path = Path(__file__).parent.parent / "rules" / "rules.yaml"
    """Rules put in force at start."""

    alert_rate: float = Field(0.005, gt=0, le=1)
    """Alerts per payment of a day, at most."""

    api_token: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    """What clients of the web views show as bearer token; without one the views bind to loopback only."""

    api_tokens_file: Path | None = None
    """More clients, one a line: `role name token`, with the roles viewer, analyst and admin."""

    webhook_url: str = Field("", pattern=r"^(https?://\S+)?$")
    """Send each alert there too."""

    webhook_secret: str = ""
    """What alerts to the webhook are signed with."""

    rate_limit: int = Field(1_000, ge=0)
    """Web requests a second and client, at most; 0 for no limit."""

    web_tls_cert_file: Path | None = None
    web_tls_key_file: Path | None = None
    """Serve the views over TLS with this certificate and its key."""

    web_tls_ca_file: Path | None = None
    """By whose certificates workers know each other."""

    web_behind_tls: bool = False
    """A proxy in front of the views speaks TLS: browsers send the session over nothing else."""

    score_time_limit_ms: int = Field(1_000, ge=10, le=30_000)
    """How long `/score` waits for the verdict."""

    score_fail_open: bool = False
    """Past its time limit `/score` answers 200 without a verdict, and no alert, in place of 504."""

    decision_features: Literal["all", "none"] = "all"
    """Whether decisions carry their feature values."""

    log_events: bool = False
    """Log each payment as one `[EVENT]` line."""

    log_format: Literal["text", "json"] = "text"
    """`json` logs one object per line, for machines."""

    log_full_vpa: bool = False
    """Log whole VPAs; they are personal data and masked unless told otherwise."""

    state_cache_mb: int = Field(28, ge=1)
    """MB of account states kept at hand by a worker, over both tables and all partitions, those on their way apart."""

    commit_linger_s: float = Field(3.0, ge=0, le=10)
    """How long changed state waits for company before its changelog transaction."""

    partitioner: Literal["murmur2", "crc32"] = "murmur2"
    """How the producers of `transactions` choose a payer's partition; warm-up follows it."""

    min_insync_replicas: int = Field(1, ge=1)
    """`min.insync.replicas` of the topics that we create."""

    create_topics: bool = True
    """Create missing topics; where Kafka does not let us, they are checked and what is missing is said."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How to reach a Kafka that wants TLS or a password; the address is Faust's `BROKER_URL`."""

    kafka_username: str = ""
    kafka_password: str = ""
    """Who we are to a Kafka that wants SASL."""

    kafka_ca_file: Path | None = None
    """By whose certificates we know Kafka's brokers; unless set, the system's."""

    @property
    def models_root(self) -> Path | None:
        """The directory of artifacts by version, if there is one."""
        if self.model_store is not None or self.model_dir is None:
            return self.model_store
        return self.model_dir.absolute().parent

    @property
    def alert_rate_ppm(self) -> int:
        """The alert rate in alerts per million payments, so that the budget counts in integers."""
        return round(self.alert_rate * 1_000_000)


def topic_partitions() -> int:
    """Return Faust's TOPIC_PARTITIONS, 4 unless set; raises `SettingsError` where it is no count."""
    given = os.environ.get("TOPIC_PARTITIONS", "4")
    if not (given.isdecimal() and int(given)):
        raise SettingsError(f"needed a count of partitions from 1 in TOPIC_PARTITIONS, got {given!r}: correct it")
    return int(given)


def load_settings() -> Settings:
    """Return the settings of this process; raises `SettingsError` naming each value that cannot be."""
    try:
        return Settings()
    except ValidationError as exc:
        wrong = "; ".join(
            f"PRAHARI_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}, got {error['input']!r}"
            for error in exc.errors()
        )
        raise SettingsError(f"needed settings that can be, got: {wrong}. Correct them and start again.") from exc
