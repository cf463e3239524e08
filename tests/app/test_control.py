"""The control log on a real broker: put, read back at any offset, refused before anything is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from agents.in_force import InForce, fold_all
from app.control import sending
from app.control.log import fold_log
from features.errors import AppliedBeyondEnd, ControlError
from tests.agents.controls import RULES
from tests.topics import create_topic, write_topic

if TYPE_CHECKING:
    from app.broker.embedded import EmbeddedBroker

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def log(broker: EmbeddedBroker, request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """Give a control log of its own: client options and topic prefix."""
    prefix = f"{request.node.name[5:30].replace('_', '-')}."
    await create_topic(broker.bootstrap, f"{prefix}control", 1)
    return {"bootstrap_servers": broker.bootstrap}, prefix


async def test_what_was_put_is_in_force_at_every_later_offset(log: tuple[dict[str, Any], str]) -> None:
    """A partition that stands at an older record goes on with what was in force then."""
    options, prefix = log
    assert await sending.in_force(options, prefix) == InForce()

    offsets = [
        await sending.put(sending.rules_record(RULES, put_by="asha"), options, prefix),
        await sending.put(sending.rate_record(2_000, put_by="asha", note="festival"), options, prefix),
        await sending.put(
            sending.list_record([sending.entry("block", "vpa", "Mule@YBL")], put_by="asha"), options, prefix
        ),
    ]
    at_each = [await fold_log(options, prefix, last=offset) for offset in (-1, *offsets)]
    records = await sending.log(options, prefix)

    assert offsets == [0, 1, 2]
    assert [(one.rules, one.rate_ppm, len(one.lists)) for one in at_each] == [
        (None, None, 0),
        (RULES, None, 0),
        (RULES, 2_000, 0),
        (RULES, 2_000, 1),
    ]
    assert fold_all(InForce(), records) == at_each[-1] == await fold_log(options, prefix, start=at_each[1])
    assert json.loads(records[1][1] or b"")["note"] == "festival"


async def test_what_could_not_take_force_is_refused_and_never_written(
    log: tuple[dict[str, Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked reads why; the log stays as it was."""
    options, prefix = log
    wrong = RULES.replace("weight: 40", "weight: 400")
    with pytest.raises(ControlError, match="line 5: weight must be"):
        await sending.put(sending.rules_record(wrong, put_by="asha"), options, prefix)
    with pytest.raises(ControlError, match="Invalid enum value 'ban'"):
        sending.entry("ban", "vpa", "a@b")
    monkeypatch.setattr("agents.lists.ENTRIES_MAX", 1)
    entries = [sending.entry("block", "vpa", name) for name in ("a@b", "c@d")]
    with pytest.raises(ControlError, match="room on the lists for 'c@d'"):
        await sending.put(sending.list_record(entries, put_by="asha"), options, prefix)

    assert await sending.log(options, prefix) == []


async def test_a_log_that_lost_records_is_refused(log: tuple[dict[str, Any], str]) -> None:
    """Neither its beginning nor its end may be missing: what was in force could not be told."""
    options, prefix = log
    await write_topic(options["bootstrap_servers"], f"{prefix}control", [(None, b"garbage")] * 3)
    assert (await fold_log(options, prefix)).offset == 2
    with pytest.raises(AppliedBeyondEnd, match="up to offset 3"):
        await fold_log(options, prefix, last=3)

    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(f"{prefix}control", 0): RecordsToDelete(before_offset=2)})
    finally:
        await admin.close()
    with pytest.raises(ControlError, match="from its first record, got it from offset 2"):
        await fold_log(options, prefix)


async def test_the_command_line_puts_in_force_and_shows_it(log: tuple[dict[str, Any], str], tmp_path: Path) -> None:
    """Lists, rate and rules, on trial first; the log says who and why."""
    options, prefix = log
    environment = {
        **os.environ,
        "BROKER_URL": f"kafka://{options['bootstrap_servers']}",
        "PRAHARI_TOPIC_PREFIX": prefix,
    }
    (tmp_path / "new.yaml").write_text(RULES)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "prahari", *words]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    done = [
        run("lists", "block", "mule@ybl", "--until", "2026-12-01", "--by", "asha", "--note", "victim called"),
        run("lists", "snooze", "phone-7", "--device", "--hours", "2"),
        run("budget", "rate", "0.003"),
        run("rules", "activate", str(tmp_path / "new.yaml")),
        run("rules", "try", str(tmp_path / "new.yaml")),
        run("rules", "activate"),
    ]
    asked = (("control", "show"), ("lists", "show"), ("control", "log"))
    shown, listed, logged = (json.loads(run(*words, "--json").stdout) for words in asked)

    assert [one.returncode for one in done] == [0, 0, 0, 1, 0, 0], [one.stderr for one in done]
    assert "needed rules that were on trial" in done[3].stderr
    assert "control@0: mule@ybl blocked until 2026-12-01T00:00:00.000+05:30 (event time)" in done[0].stderr
    assert (shown["rules on trial"], shown["alerts per million"], shown["list entries"]) == ("none", 3_000, 2)
    assert [(entry["list"], entry["subject"], entry["id"]) for entry in listed] == [
        ("block", "vpa", "mule@ybl"),
        ("snooze", "device", "phone-7"),
    ]
    assert (logged[0]["put_by"], logged[0]["note"], logged[0]["what"]) == ("asha", "victim called", "block mule@ybl")
