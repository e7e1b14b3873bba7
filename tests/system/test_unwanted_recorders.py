"""A recorder that nobody wants is ended, whatever is killed meanwhile; people are left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from engine.calls import AgoraCalls
from engine.janitor import Janitor
from recordings.errors import StorageUnavailable
from recordings.repositories import RecorderRepository
from simulator.agora import AgoraSimulator, RecorderView
from tests.fakes.rows import FunctionClock
from tests.system.conftest import Office

SOMEBODY = 3_999_999_999
"""A person with a uid in the recorders' range."""
LISTED = pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}], ids=["unlisted", "listed"])


def logged(office: Office, event: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in office.bot.log.splitlines() if f'"{event}"' in line)
    return [line for line in lines if line["event"] == event]


def wait_gone(office: Office, count: int = 1) -> None:
    """The bot knows of so many unwanted recorders that they are gone."""
    office.slack.wait_for(
        lambda: len({line["recorder"] for line in logged(office, "unwanted_recorder") if line["gone"]}) >= count,
        timeout=30,
        what="an unwanted recorder that is known to be gone",
    )


def die_at(office: Office, operation: str, times: int, **settings: str) -> None:
    """Killed and started again each time that such a request is under way."""
    number = office.agora.fault(operation, hang="request")
    for left in reversed(range(times)):
        office.wait_agora(_met(number))
        office.bot.kill()
        office.agora.clear_faults(number)
        if left:
            number = office.agora.fault(operation, hang="request")
        office.restart(**settings)


def _met(fault: int) -> Callable[[AgoraSimulator], int]:
    return lambda agora: agora.faults()[fault - 1].hits


def recorders(office: Office) -> list[RecorderView]:
    return office.agora.recorders("daily")


@LISTED
def test_one_whose_sid_was_never_learnt_is_thrown_out_by_its_uid_and_seen_to_be_gone(office: Office) -> None:
    office.start(START_TIMEOUT_SECONDS="4")
    office.agora.join("daily", 1001)
    # The answers get lost, and repeats are refused: there is one recorder, whose sid nobody knows.
    office.agora.fault("start", lost="answer")
    office.agora.fault("start", answer="unauthorized", times=None)
    office.command("start daily")
    die_at(office, "kick", 2, START_TIMEOUT_SECONDS="4")
    office.wait_agora(lambda agora: recorders(office) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(office)] == ["thrown_out"]
    wait_gone(office)
    assert {seen.body["uid"] for seen in office.agora.requests("kick")} == {recorders(office)[0].uid}  # type: ignore[index]
    assert [person.uid for person in office.agora.people("daily")] == [1001]
    office.wait_card("failed", reason="unauthorized")
    # Twice where the process died between Slack's answer and its mark in the row.
    assert set(office.alert_kinds()) == {("recording_failed", "unauthorized")}


def test_one_with_a_sid_is_stopped_and_seen_to_be_gone(office: Office) -> None:
    settings = {"START_TIMEOUT_SECONDS": "2"}
    office.start(**settings)
    office.agora.join("daily", 1001)
    office.agora.force_new("daily", 2)
    office.command("start daily")
    # It never comes up, so it is given up.
    die_at(office, "stop", 2, **settings)
    office.wait_agora(lambda agora: recorders(office) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(office)] == ["stopped"]
    wait_gone(office)
    assert office.agora.requests("kick") == []
    assert set(office.alert_kinds()) == {("recording_failed", "never_started")}


def test_one_that_comes_up_long_after_its_start_was_given_up_ends_too(office: Office) -> None:
    settings = {"START_TIMEOUT_SECONDS": "3"}
    office.start(**settings)
    office.agora.join("daily", 1001)
    late = office.agora.fault("start", delay=7)
    office.agora.fault("start", lost="request", times=None)
    office.command("start daily")
    office.wait_agora(_met(late))
    office.bot.kill()
    office.restart(**settings)
    office.wait_card("failed", reason="unavailable")
    office.wait_agora(lambda agora: recorders(office), timeout=20)
    office.wait_agora(lambda agora: not agora.running())
    # It may come up while the bot is still after it, or find itself banned.
    assert recorders(office)[0].ended_by in ("banned", "thrown_out")
    assert not recorders(office)[0].recorded
    assert [person.uid for person in office.agora.people("daily")] == [1001]


def test_one_that_comes_up_beside_the_recorder_that_took_its_place_is_ended_and_that_one_stays(office: Office) -> None:
    settings = {"START_TIMEOUT_SECONDS": "30"}
    office.start(**settings)
    office.agora.join("daily", 1001)
    late = office.agora.fault("start", delay=5)
    office.agora.fault("start", lost="request", times=4)
    office.command("start daily")
    office.wait_agora(_met(late))
    office.bot.kill()
    office.restart(**settings)
    card = office.wait_red()
    office.wait_agora(lambda agora: len(recorders(office)) == 2, timeout=20)
    office.wait_agora(lambda agora: len(agora.running()) == 1)
    assert office.agora.running()[0].sid == card.event_payload["sid"]
    office.after_queries(5)
    assert len(office.agora.running()) == 1
    assert office.alerts() == []


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_at_its_start_the_janitor_throws_out_what_should_be_gone_and_nobody_else(office: Office) -> None:
    office.start()
    office.recording()
    gone = office.agora.running()[0].uid
    office.command("stop")
    office.wait_card("ended")
    office.recording("weekly")
    weekly = office.agora.running()[0].sid
    office.bot.kill()
    office.agora.join("daily", gone)
    office.agora.join("daily", SOMEBODY)
    office.restart()
    office.wait_agora(lambda agora: gone not in {person.uid for person in agora.people("daily")})
    office.slack.wait_for(lambda: logged(office, "unknown_uid"), timeout=10, what="a word in the log")
    office.slack.wait_for(lambda: logged(office, "recorder_came_back"), timeout=10, what="a word in the log")
    assert {line["uid"] for line in logged(office, "unknown_uid")} == {SOMEBODY}
    assert {line["uid"] for line in logged(office, "recorder_came_back")} == {gone}
    office.after_queries(3)
    assert {person.uid for person in office.agora.people("daily")} == {1000, SOMEBODY}
    assert [recorder.sid for recorder in office.agora.running()] == [weekly]
    assert {seen.body["uid"] for seen in office.agora.requests("kick")} == {gone}  # type: ignore[index]


def test_a_database_that_is_away_at_the_janitors_first_look_only_delays_that_look() -> None:
    now = datetime.now(UTC)
    recorders = Mock(RecorderRepository)
    recorders.channels.side_effect = [StorageUnavailable("database is locked"), ["daily"]]
    janitor = Janitor(recorders, Mock(AgoraCalls), FunctionClock(lambda: now))
    with pytest.raises(StorageUnavailable):
        janitor.due()
    assert janitor.due() == [("daily", now)]
