"""What becomes of a recording that is up: each end has its own words, and none of them is told for nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from simulator.slack import Message
from tests.system.conftest import TIMING, Office, payload, states

GRACE = timedelta(seconds=3)


def went_on(office: Office, name: str = "daily", *, queries: int = 4) -> None:
    """Nobody was told of anything, it is still recorded, and by the same recorder."""
    office.after_queries(queries, name)
    card = office.wait_red(name)
    assert payload(card)["sid"] == office.agora.running(name)[0].sid
    assert office.alerts() == []
    assert len(office.agora.recorders(name)) == 1


def test_a_killed_recorder_is_told_once_in_the_thread_and_in_the_channel(office: Office) -> None:
    office.start(RECORD_ON="0")
    card = office.recording()
    began = datetime.fromisoformat(payload(card)["started_at"])
    office.agora.kill("daily")
    alert = office.wait_alert("recording_failed", "lost")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    assert office.slack.person("ana").mention in alert.said
    assert "record_again" in alert.elements
    assert payload(alert)["recording_id"] in alert.said
    assert payload(alert)["recording_id"] in office.bot.log
    over = office.wait_card("failed", reason="lost")
    assert payload(alert) == payload(over)
    assert datetime.fromisoformat(payload(over)["ended_at"]) - began >= GRACE

    asked = office.queries()
    office.command("start daily", by="ben")
    office.wait_card("recording")
    office.after_queries(4)
    assert office.alert_kinds() == [("recording_failed", "lost")]
    assert [seen.sid for seen in office.agora.requests("query")[asked:]] == [office.agora.running()[0].sid] * (
        office.queries() - asked
    )


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_a_move_to_another_server_shorter_than_the_grace_alarms_nobody(office: Office) -> None:
    office.start()
    office.recording()
    before = office.queries()
    office.agora.move("daily", 1.5)
    card = office.wait_card("interrupted")
    assert "stop_recording" in card.elements
    office.wait_red()
    assert states(card)[-3:] == ["recording", "interrupted", "recording"]
    missed = [seen for seen in office.agora.requests("query")[before:] if seen.status == 404]
    assert len(missed) >= 3
    went_on(office)


def lines(office: Office) -> list[Message]:
    """What the thread says of a recorder that was not found for a while."""
    return [m for m in office.slack.messages("daily") if "did not find the recorder" in m.text]


def test_three_moves_in_a_row_alarm_nobody(office: Office) -> None:
    office.start()
    office.recording()
    for _ in range(3):
        office.agora.move("daily", 1.2)
        office.after_queries(5)
        office.wait_agora(lambda agora: agora.recorder("daily").in_channel)
        office.after_queries(2)
    went_on(office)
    office.slack.wait_for(lambda: len(lines(office)) == 3, what="a line in the thread for each move")
    assert not [line for line in lines(office) if line.broadcast]


def test_a_move_longer_than_the_grace_is_lost_and_the_recorder_does_not_come_back(office: Office) -> None:
    office.start(RECORD_ON="0")
    office.recording()
    office.agora.move("daily", 5)
    office.wait_alert("recording_failed", "lost")
    # It comes back all the same: nobody knows of it any more, so it is ended.
    office.wait_agora(lambda agora: not agora.running())
    assert office.agora.recorder("daily").ended_by == "stopped"
    assert office.alert_kinds() == [("recording_failed", "lost")]


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_an_empty_channel_ends_the_recording_without_a_failure_and_before_the_grace(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="60", MAX_IDLE_SECONDS="20")
    card = office.recording(people=2)
    office.agora.leave("daily")
    alert = office.wait_alert("recording_ended", "idle")
    assert office.agora.recorder("daily").ended_by == "idle"
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    assert alert.at - (office.agora.recorder("daily").ended_at or 0) < 5
    over = office.wait_card("ended", reason="idle")
    assert "failed" not in states(over)
    office.agora.wait_for(lambda agora: not agora.running())
    assert office.alert_kinds() == [("recording_ended", "idle")]


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_a_recorder_that_dies_while_nobody_is_there_is_no_failure(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="60")
    office.recording()
    office.agora.leave("daily")
    office.agora.kill("daily")
    office.wait_card("ended", reason="idle")
    office.wait_alert("recording_ended", "idle")
    assert office.alert_kinds() == [("recording_ended", "idle")]


def test_a_channel_that_is_empty_only_for_a_moment_of_a_move_goes_on(office: Office) -> None:
    office.start()
    office.recording()
    # One look of two finds the channel empty.
    office.agora.fault("users", status=200, body={"success": True, "data": {"channel_exist": False}}, times=1)
    office.agora.move("daily", 1.5)
    office.wait_card("interrupted")
    went_on(office)


def test_users_that_cannot_be_asked_for_are_not_taken_for_nobody(office: Office) -> None:
    office.start()
    office.recording()
    for answer in ("internal_error", "proxy_404", "empty_200", "rate_limited", "unauthorized"):
        office.agora.fault("users", answer=answer, times=2)
    office.agora.move("daily", 2)
    office.wait_card("interrupted")
    went_on(office)


def test_status_20_is_a_crash_at_once(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="60")
    card = office.recording()
    asked = office.queries()
    office.agora.crash("daily")
    alert = office.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    office.wait_card("failed", reason="crashed")
    assert office.queries() - asked <= 2
    assert office.alert_kinds() == [("recording_failed", "crashed")]


def test_stopped_outside_slack_is_an_end_and_no_failure(office: Office) -> None:
    office.start()
    for status in (6, 7, 8):
        office.recording(f"call{status}", channel=office.room(f"room{status}"))
    for status in (6, 7, 8):
        office.agora.force_status(f"call{status}", status)
    for status in (6, 7, 8):
        alert = office.wait_alert("recording_ended", "stopped_elsewhere", channel=f"room{status}")
        assert alert.broadcast
        office.wait_card("ended", reason="stopped_elsewhere", channel=f"room{status}")
        assert office.alert_kinds(f"room{status}") == [("recording_ended", "stopped_elsewhere")]


@pytest.mark.parametrize("agora_options", [{"timing": replace(TIMING, stopping=1.5)}])
def test_a_stop_at_agoras_console_is_an_end_and_no_failure(office: Office) -> None:
    office.start()
    office.recording()
    office.agora.console_stop("daily")
    office.wait_alert("recording_ended", "stopped_elsewhere")
    over = office.wait_card("ended", reason="stopped_elsewhere")
    files = office.agora.recorder("daily").files
    office.slack.wait_for(lambda: all(file in over.said for file in files), timeout=20, what="the files on the card")


def test_a_recorder_that_does_not_come_up_never_started_and_is_ended(office: Office) -> None:
    office.start(START_TIMEOUT_SECONDS="3")
    for status in range(4):
        office.agora.join(f"call{status}", 1001)
        office.agora.force_new(f"call{status}", status)
        office.command(f"start call{status}", channel=office.room(f"room{status}"))
    for status in range(4):
        alert = office.wait_alert("recording_failed", "never_started", channel=f"room{status}")
        card = office.wait_card("failed", reason="never_started", channel=f"room{status}")
        assert alert.broadcast
        assert alert.at - office.agora.requests("start", channel=f"call{status}")[0].wall >= 3
        assert states(card) == ["starting", "failed"]
        assert "started_at" not in payload(card)
        assert office.alert_kinds(f"room{status}") == [("recording_failed", "never_started")]
    office.wait_agora(lambda agora: not agora.running())


def test_a_recorder_that_dies_before_it_was_up_never_started(office: Office) -> None:
    office.start(START_TIMEOUT_SECONDS="3", FAILOVER_GRACE_SECONDS="60")
    office.agora.force_new("daily", 2)
    office.command("start daily")
    office.wait_agora(lambda agora: agora.running())
    office.agora.kill("daily")
    office.wait_card("failed", reason="never_started")
    office.wait_alert("recording_failed", "never_started")
    assert office.alert_kinds() == [("recording_failed", "never_started")]


def test_one_that_comes_up_late_but_in_time_is_recorded(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    office.agora.force_new("daily", 3)
    office.command("start daily")
    office.wait_agora(lambda agora: agora.running())
    office.after_queries(6)
    office.agora.force_status("daily", None)
    went_on(office)


def test_people_without_a_stored_file_are_one_warning_and_one_recovery(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001, audio=False, video=False)
    office.command("start daily")
    card = office.wait_card("recording")
    assert "nothing stored yet" in card.said
    warning = office.wait_alert("recording_warning", "nothing_stored")
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert warning.at - card.at >= 2
    causes = ("microphone", "AGORA_CHANNEL_PROFILE", "user IDs", "encrypted", "storage")
    assert all(cause in warning.said for cause in causes)
    office.after_queries(8)
    assert office.alert_kinds() == [("recording_warning", "nothing_stored")]
    office.agora.publish("daily", 1001, audio=True)
    recovered = office.wait_alert("recording_recovered", "nothing_stored")
    assert recovered.broadcast
    office.wait_red()
    office.after_queries(4)
    assert office.alert_kinds() == [("recording_warning", "nothing_stored"), ("recording_recovered", "nothing_stored")]
    assert payload(card)["state"] == "recording"


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_nothing_stored_while_nobody_is_there_is_no_warning(office: Office) -> None:
    office.start()
    office.command("start daily")
    office.wait_card("recording")
    office.after_queries(12)
    assert office.alerts() == []
    office.agora.join("daily", 1001)
    office.wait_red()
    assert office.alerts() == []


def test_the_rate_of_agora_is_kept_with_many_recordings(office: Office) -> None:
    office.start(AGORA_QPS="10")
    for number in range(15):
        office.room(f"room{number}")
        office.agora.join(f"call{number}", 1)
        office.command(f"start call{number}", channel=f"room{number}")
    for number in range(15):
        office.wait_card("recording", channel=f"room{number}", timeout=30)
    office.after_queries(30)
    assert office.agora.busiest_second() <= 10
    assert all(office.alerts(f"room{number}") == [] for number in range(15))
