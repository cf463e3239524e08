"""A few seeds of `make chaos` in every run of the tests, and proof that its audit sees what it is there to see."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.broker.embedded import EmbeddedBroker
from tests.chaos.audit import hold, wanted_of
from tests.chaos.plan import KINDS, make_plan
from tests.chaos.trial import RATE_PPM, run_trial
from tests.flow import auditor
from tests.topics import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

#: Small loads whose faults are of many kinds: torn files, a slow disk, jumping clocks; a zombie stopped between outputs
#: and changelog; a restarted Kafka, a kill between outputs and changelog, a full disk.
SEEDS = (4, 61, 75)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """Run a broker that may be killed without harm to other tests."""
    running = EmbeddedBroker(0, tmp_path_factory.mktemp("chaos-kafka"))
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_harmed_deployment_loses_nothing_and_counts_nothing_twice(
    own_broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Both audits hold, whatever of the seed's faults this machine permits."""
    outcome = await run_trial(make_plan(seed), own_broker, tmp_path_factory.mktemp(f"seed-{seed}"))

    assert outcome.problem == "", f"repeat with: .venv/bin/python -m tests.chaos --seed {seed}\n{outcome}"
    assert outcome.numbers["decided"] > 1_000


def _without_last(name: str) -> Callable[[auditor.Topics], auditor.Topics]:
    return lambda topics: replace(topics, **{name: getattr(topics, name)[:-1]})


def _with_value(record: Any, **fields: Any) -> Any:
    return replace(record, value=json.dumps({**json.loads(record.value), **fields}).encode())


def _another_decision(topics: auditor.Topics) -> auditor.Topics:
    first, *others = topics.decisions
    return replace(topics, decisions=[_with_value(first, risk=101), *others])


def _decided_twice_differently(topics: auditor.Topics) -> auditor.Topics:
    return replace(topics, decisions=[*topics.decisions, _with_value(topics.decisions[0], late=True)])


def _decided_out_of_nothing(topics: auditor.Topics) -> auditor.Topics:
    return replace(topics, decisions=[*topics.decisions, _with_value(topics.decisions[0], payer_offset=10**9)])


def _state_of_before(topics: auditor.Topics) -> auditor.Topics:
    """Put an account back to the state before its last payment, as a zombie would."""
    accounts = [record for record in topics.payees if record.key[:1] != b"\0"]
    newest = accounts[-1]
    earlier = next(record for record in accounts if record.key == newest.key)
    return replace(topics, payees=[*topics.payees, replace(newest, value=earlier.value)])


def _alerted_without_budget(topics: auditor.Topics) -> auditor.Topics:
    made_up = json.dumps({"alert_id": "nobody's"}).encode()
    return replace(topics, alerts=[*topics.alerts, replace(topics.alerts[0], value=made_up)])


WRONG: dict[str, Callable[[auditor.Topics], auditor.Topics]] = {
    "a decision lost": _without_last("decisions"),
    "a decision changed": _another_decision,
    "a repeat that differs": _decided_twice_differently,
    "a decision of no payment": _decided_out_of_nothing,
    "a rejection lost": _without_last("rejected"),
    "an alert lost": _without_last("alerts"),
    "an alert beyond the budget": _alerted_without_budget,
    "a stale state": _state_of_before,
}


async def test_the_audit_sees_whatever_is_wrong(own_broker: EmbeddedBroker, subtests: pytest.Subtests) -> None:
    """What a worker could do wrong, done to the logs that the last seed left: each is found."""
    prefix = f"s{SEEDS[-1]}."
    topics = await auditor.Topics.read(own_broker.bootstrap, prefix)
    wanted = wanted_of(topics, await read_topic(own_broker.bootstrap, f"{prefix}labels"))
    hold(topics, wanted, RATE_PPM)
    for wrong, falsify in WRONG.items():
        with subtests.test(wrong), pytest.raises(AssertionError):
            hold(falsify(topics), wanted, RATE_PPM)


def test_every_kind_of_fault_comes_up_within_the_seeds() -> None:
    """A kind that is never drawn is not tried."""
    drawn = {fault.kind for seed in range(1, 201) for fault in make_plan(seed).faults}

    assert drawn == set(KINDS)
