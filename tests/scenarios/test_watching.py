"""What becomes of a recording that is up: each way to end has its own alert, and nothing else alerts anybody."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from simulator.agora import Timing
from simulator.slack import Message
from tests.scenarios.stack import Stack, payload, states

FAILOVER_GRACE = timedelta(seconds=120)
"""A recorder that was not found for so long is lost; Agora may move it to another server meanwhile."""
START_TIMEOUT = 90
QUERY_INTERVAL = 30


def went_on(stack: Stack, name: str = "daily", *, queries: int = 4) -> None:
    """Nobody was told of anything, it is still recorded, and by the same recorder."""
    stack.after_queries(queries, name)
    card = stack.wait_red(name)
    assert payload(card)["sid"] == stack.agora.running(name)[0].sid
    assert stack.alerts() == []
    assert len(stack.agora.recorders(name)) == 1


def test_a_lost_recorder_alerts_the_thread_and_the_channel_once(stack: Stack) -> None:
    stack.start(RECORD_ON="0")
    card = stack.recording()
    began = datetime.fromisoformat(payload(card)["started_at"])
    stack.agora.kill("daily")
    alert = stack.wait_alert("recording_failed", "lost")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    assert stack.slack.person("ana").mention in alert.said
    assert "record_again" in alert.elements
    assert payload(alert)["recording_id"] in alert.said
    over = stack.wait_card("failed", reason="lost")
    assert payload(alert) == payload(over)
    assert datetime.fromisoformat(payload(over)["ended_at"]) - began >= FAILOVER_GRACE

    asked = stack.queries()
    stack.command("start daily", by="ben")
    stack.wait_card("recording")
    stack.after_queries(4)
    assert stack.alert_kinds() == [("recording_failed", "lost")]
    assert [seen.sid for seen in stack.agora.requests("query")[asked:]] == [stack.agora.running()[0].sid] * (
        stack.queries() - asked
    )


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_a_move_to_another_server_within_the_time_that_agora_needs_alerts_nobody(stack: Stack) -> None:
    stack.start()
    stack.recording()
    before = stack.queries()
    stack.agora.move("daily", 45)
    card = stack.wait_card("interrupted")
    assert "stop_recording" in card.elements
    stack.wait_red()
    assert states(card)[-3:] == ["recording", "interrupted", "recording"]
    missed = [seen for seen in stack.agora.requests("query")[before:] if seen.status == 404]
    assert len(missed) >= 3
    went_on(stack)


def lines(stack: Stack) -> list[Message]:
    """What the thread says of a recorder that was not found for a while."""
    return [m for m in stack.slack.messages("daily") if "The recorder was unreachable for" in m.text]


def test_three_moves_in_a_row_alert_nobody(stack: Stack) -> None:
    stack.start()
    stack.recording()
    for _ in range(3):
        stack.agora.move("daily", 45)
        stack.after_queries(5)
        stack.wait_agora(lambda agora: agora.recorder("daily").in_channel)
        stack.after_queries(2)
    went_on(stack)
    stack.wait_for(lambda: len(lines(stack)) == 3, what="a line in the thread for each move")
    assert not [line for line in lines(stack) if line.broadcast]


def test_a_recorder_that_comes_back_after_it_was_given_up_is_ended(stack: Stack) -> None:
    stack.start(RECORD_ON="0")
    stack.recording()
    stack.agora.move("daily", 200)
    stack.wait_alert("recording_failed", "lost")
    # It comes back all the same: nobody knows of it any more, so it is ended.
    stack.wait_agora(lambda agora: not agora.running())
    assert stack.agora.recorder("daily").ended_by == "stopped"
    assert stack.alert_kinds() == [("recording_failed", "lost")]


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_an_empty_call_ends_the_recording_without_a_failure(stack: Stack) -> None:
    stack.start()
    card = stack.recording(people=2)
    stack.agora.leave("daily")
    alert = stack.wait_alert("recording_ended", "idle")
    assert stack.agora.recorder("daily").ended_by == "idle"
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    assert alert.at - (stack.agora.recorder("daily").ended_at or 0) <= QUERY_INTERVAL
    over = stack.wait_card("ended", reason="idle")
    assert "failed" not in states(over)
    stack.wait_agora(lambda agora: not agora.running())
    assert stack.alert_kinds() == [("recording_ended", "idle")]


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_a_recorder_that_is_lost_while_nobody_is_in_the_call_is_no_failure(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.leave("daily")
    stack.agora.kill("daily")
    stack.wait_card("ended", reason="idle")
    stack.wait_alert("recording_ended", "idle")
    assert stack.alert_kinds() == [("recording_ended", "idle")]


def test_a_call_that_is_empty_for_one_query_only_goes_on(stack: Stack) -> None:
    stack.start()
    stack.recording()
    # One look of two finds the channel empty.
    stack.agora.fault("users", status=200, body={"success": True, "data": {"channel_exist": False}}, times=1)
    stack.agora.move("daily", 45)
    stack.wait_card("interrupted")
    went_on(stack)


def test_when_agora_does_not_say_who_is_in_the_call_that_is_not_taken_for_nobody(stack: Stack) -> None:
    stack.start()
    stack.recording()
    for answer in ("internal_error", "proxy_404", "empty_200", "rate_limited", "unauthorized"):
        stack.agora.fault("users", answer=answer, times=2)
    stack.agora.move("daily", 60)
    stack.wait_card("interrupted")
    went_on(stack)


# Longer than the interval of the queries, so that one of them sees it.
@pytest.mark.parametrize("agora_options", [{"timing": Timing(crash_shown=60.0)}])
def test_status_20_is_a_crash_at_once(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    asked = stack.queries()
    stack.agora.crash("daily")
    alert = stack.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    stack.wait_card("failed", reason="crashed")
    assert stack.queries() - asked <= 2
    assert stack.alert_kinds() == [("recording_failed", "crashed")]


def test_stopped_outside_slack_is_an_end_and_no_failure(stack: Stack) -> None:
    stack.start()
    for status in (6, 7, 8):
        stack.recording(f"call{status}", channel=stack.room(f"room{status}"))
    for status in (6, 7, 8):
        stack.agora.force_status(f"call{status}", status)
    for status in (6, 7, 8):
        alert = stack.wait_alert("recording_ended", "stopped_elsewhere", channel=f"room{status}")
        assert alert.broadcast
        stack.wait_card("ended", reason="stopped_elsewhere", channel=f"room{status}")
        assert stack.alert_kinds(f"room{status}") == [("recording_ended", "stopped_elsewhere")]


@pytest.mark.parametrize("agora_options", [{"timing": Timing(stopping=45.0)}])
def test_a_stop_at_agoras_console_is_an_end_and_no_failure(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.console_stop("daily")
    stack.wait_alert("recording_ended", "stopped_elsewhere")
    over = stack.wait_card("ended", reason="stopped_elsewhere")
    files = stack.agora.recorder("daily").files
    assert "Someone stopped it outside Slack." in over.said
    place = stack.answer(stack.choose(over, "more", "Show location"))
    assert all(file in place for file in files)


def test_a_recorder_that_does_not_come_up_never_started_and_is_ended(stack: Stack) -> None:
    stack.start()
    for status in range(4):
        stack.agora.join(f"call{status}", 1001)
        stack.agora.force_new(f"call{status}", status)
        stack.command(f"start call{status}", channel=stack.room(f"room{status}"))
    for status in range(4):
        alert = stack.wait_alert("recording_failed", "never_started", channel=f"room{status}")
        card = stack.wait_card("failed", reason="never_started", channel=f"room{status}")
        assert alert.broadcast
        assert alert.at - stack.agora.requests("start", channel=f"call{status}")[0].wall >= START_TIMEOUT
        assert states(card) == ["starting", "failed"]
        assert "started_at" not in payload(card)
        assert stack.alert_kinds(f"room{status}") == [("recording_failed", "never_started")]
    stack.wait_agora(lambda agora: not agora.running())


def test_a_recorder_that_is_lost_before_it_was_up_never_started(stack: Stack) -> None:
    stack.start()
    stack.agora.force_new("daily", 2)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.running())
    stack.agora.kill("daily")
    stack.wait_card("failed", reason="never_started")
    stack.wait_alert("recording_failed", "never_started")
    assert stack.alert_kinds() == [("recording_failed", "never_started")]


def test_a_recorder_that_comes_up_late_and_in_time_records(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.force_new("daily", 3)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.running())
    stack.after_queries(6)
    stack.agora.force_status("daily", None)
    went_on(stack)


def test_people_in_the_call_and_no_stored_file_are_one_warning_and_one_recovery(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001, audio=False, video=False)
    stack.command("start daily")
    card = stack.wait_card("recording")
    assert "waiting for audio or video" in card.said
    warning = stack.wait_alert("recording_warning", "nothing_stored")
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert warning.at - card.at >= 2
    assert "1 person is there, but no audio or video arrives" in warning.said
    assert "Turn on a mic or camera" in warning.said
    stack.after_queries(8)
    assert stack.alert_kinds() == [("recording_warning", "nothing_stored")]
    stack.agora.publish("daily", 1001, audio=True)
    recovered = stack.wait_alert("recording_recovered", "nothing_stored")
    assert recovered.broadcast
    stack.wait_red()
    stack.after_queries(4)
    assert stack.alert_kinds() == [("recording_warning", "nothing_stored"), ("recording_recovered", "nothing_stored")]
    assert payload(card)["state"] == "recording"


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
def test_nothing_stored_while_nobody_is_in_the_call_is_no_warning(stack: Stack) -> None:
    stack.start()
    stack.command("start daily")
    stack.wait_card("recording")
    stack.run_for(240)
    assert stack.alerts() == []
    stack.agora.join("daily", 1001)
    stack.wait_red()
    assert stack.alerts() == []
