"""Every error that Prahari raises on purpose, in one tree with one root.

A message says what was needed, what was got, and what the operator should do. Library errors are wrapped with
`from exc`.

```
PrahariError
├── RejectedTransaction      a record that goes to the topic `rejected`; carries a reason from REJECTION_REASONS
├── StateCodecError          bytes that are no state of a known version
├── ArtifactMismatch         a model that does not fit this worker's features, or whose bytes were altered
├── RulesError               rules that cannot be put in force; names the line
├── ControlError             a control record that could not take force, or cannot be sent
├── ArtifactMissing          a model that is in force and that this worker does not have
├── HistoryError             a history file, or one of its rows, that cannot be read
├── TrainingError            data or parameters that no model can be trained from
├── BacktestError            a backtest that cannot be run, or written, as asked
├── SimulatorError           a world that cannot be made as asked
├── SettingsError            a setting that is missing, malformed or contradicts another
├── TopicsError              topics that are missing, or have the wrong partitions or retention
├── BrokerError              the embedded broker, or the cluster, cannot serve
│   └── PortTaken            another program listens on a port that the embedded broker needs
├── StoreError               the RocksDB store or its changelog cannot be opened, read or written
│   └── AppliedBeyondEnd     an applied offset lies beyond its log's end: the log was truncated or replaced
└── OwnershipLost            another worker owns the partition now; this process must end
```
"""

from __future__ import annotations

REJECTION_REASONS = frozenset(
    {
        "invalid_json",
        "missing_field",
        "invalid_field",
        "amount_out_of_range",
        "future_event_time",
        "conflicting_duplicate",
        "too_large",
        "internal_error",
        "tombstone",
    }
)


class PrahariError(Exception):
    """Root of all errors that Prahari raises on purpose."""


class RejectedTransaction(PrahariError):  # noqa: N818 - it names what happened to the record; the flow goes on
    """A record that cannot be decided and goes to `rejected`, then is acked.

    `reason` is one of REJECTION_REASONS; `detail` says which field, what was needed and what was got.

    >>> str(RejectedTransaction("missing_field", "amount is required"))
    'missing_field: amount is required'
    """

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in REJECTION_REASONS:
            raise ValueError(f"a rejection reason must be one of {sorted(REJECTION_REASONS)}; got {reason!r}")
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class StateCodecError(PrahariError):
    """Bytes that are no account state of a version this worker knows; operator: run the version that wrote them."""


class ArtifactMismatch(PrahariError):  # noqa: N818 - a state of affairs, named as the design names it
    """A model artifact whose schema or digest does not fit; operator: train again, or activate the matching one."""


class RulesError(PrahariError):
    """Rules that cannot be put in force; the message names the line and what would be valid."""


class ControlError(PrahariError):
    """A control record that could not take force, or cannot be sent; the message says what was needed."""


class ArtifactMissing(PrahariError):  # noqa: N818 - a state of affairs, as ArtifactMismatch is
    """A model that is in force is not in this worker's model store; operator: put it there, see the message."""


class HistoryError(PrahariError):
    """A history file, or one row of it, that cannot be read; the message names the row."""


class TrainingError(PrahariError):
    """Data or parameters that no model can be trained from; the message says what is missing."""


class BacktestError(PrahariError):
    """A backtest that cannot be run or written as asked; the message names the option or the file."""


class SimulatorError(PrahariError):
    """A simulated world that cannot be made as asked; the message names the parameter."""


class SettingsError(PrahariError):
    """A setting that is missing, malformed or contradicts another; the message names it and a valid value."""


class TopicsError(PrahariError):
    """Topics that are missing, or have the wrong partition count or retention; the message says how to create them."""


class BrokerError(PrahariError):
    """The embedded broker, or the cluster behind `BROKER_URL`, cannot serve; the message says which and why."""


class PortTaken(BrokerError):  # noqa: N818 - names the finding
    """Another program listens on a port that the embedded broker needs; operator: stop it, or choose another port."""


class StoreError(PrahariError):
    """The RocksDB store or its changelog cannot be opened, read or written; operator: see the path in the message."""


class AppliedBeyondEnd(StoreError):  # noqa: N818 - names the finding
    """An applied offset lies beyond its log's end; operator: restore the log, or wipe state and changelog together."""


class OwnershipLost(PrahariError):  # noqa: N818 - names what happened; the process ends and a supervisor restarts it
    """Another worker owns the partition now; this process must end without sending or writing anything more."""
