"""Alerts: what people read in the channel, whom it mentions, and what becomes of a warning that no longer holds."""

from __future__ import annotations

import pytest
from structlog.typing import EventDict

from recordings.model.alerts import AlertKey, AlertKind
from simulator.slack import Message
from tests.scenarios.stack import Stack, event, payload

NOTHING_STORED = ("recording_warning", "nothing_stored")
STORED = ("recording_recovered", "nothing_stored")
RUNBOOK = "https://wiki.example/runbook"


def nothing_stored(stack: Stack, **settings: str) -> Message:
    """Somebody is in the call without a microphone or camera; the warning."""
    stack.start(**settings)
    stack.agora.join("daily", 1001, audio=False, video=False)
    stack.command("start daily")
    return stack.wait_alert(*NOTHING_STORED)


def speak(stack: Stack) -> None:
    stack.agora.publish("daily", 1001, audio=True)


def wait_resolved(stack: Stack, warning: Message) -> None:
    stack.wait_for(lambda: "Resolved at" in warning.said, what="a warning that is resolved")


def resolution_pending(stack: Stack) -> bool:
    return bool(stack.repositories.alerts.due_resolutions())


# resolved warnings


def test_a_warning_shows_since_when_it_no_longer_holds_and_the_recovery_is_posted_as_well(stack: Stack) -> None:
    warning = nothing_stored(stack)
    before = warning.metadata
    assert warning.elements.keys() == {"take_alert", "details"}
    speak(stack)
    recovered = stack.wait_alert(*STORED)
    wait_resolved(stack, warning)

    assert "daily is being recorded now" in recovered.said
    assert warning.elements == {}
    assert stack.slack.person("ana").mention not in warning.said, "nobody has to act any more"
    assert "Resolved at" in warning.text
    assert warning.metadata == before
    assert warning.broadcast
    assert stack.alert_kinds() == [NOTHING_STORED, STORED]


def test_every_interruption_of_agora_has_a_warning_that_is_resolved(stack: Stack) -> None:
    stack.start()
    stack.recording()
    for number in (1, 2):
        stack.agora.down()
        stack.wait_for(lambda n=number: len(stack.alerts()) == 2 * n - 1, what="a warning")  # type: ignore[misc]
        warning = stack.alerts()[-1]
        assert "Can't reach Agora since" in warning.said
        assert "<@" not in warning.said, "nobody here can do anything"
        stack.agora.up()
        wait_resolved(stack, warning)
    assert [kind for kind, _ in stack.alert_kinds()] == ["recording_warning", "recording_recovered"] * 2


def test_while_slack_is_down_the_edit_waits_and_is_made_once(stack: Stack) -> None:
    warning = nothing_stored(stack)
    stack.slack.down()
    speak(stack)
    stack.wait_for(lambda: resolution_pending(stack), what="an edit that waits")
    stack.run_for(300)
    assert "Resolved" not in warning.said
    stack.slack.up()
    stack.wait_alert(*STORED)
    wait_resolved(stack, warning)
    stack.run_for(120)
    edits = stack.slack.calls_of("chat.update", ts=warning.ts)
    assert [call.status for call in edits].count(200) == 1


def test_a_bot_that_is_killed_before_the_edit_makes_it_after_the_restart(stack: Stack) -> None:
    warning = nothing_stored(stack)
    stack.slack.faults.add("chat.update", error="internal_error", where={"ts": warning.ts})
    speak(stack)
    stack.wait_alert(*STORED)
    stack.run_for(30)
    stack.stop()
    assert "Resolved" not in warning.said
    stack.slack.faults.clear()
    stack.start()
    wait_resolved(stack, warning)
    assert stack.alert_kinds() == [NOTHING_STORED, STORED]


def test_an_edit_that_slack_refuses_is_logged_and_not_tried_again(stack: Stack, log: list[EventDict]) -> None:
    warning = nothing_stored(stack)
    stack.slack.delete_message(warning)
    speak(stack)
    stack.wait_alert(*STORED)
    stack.run_for(120)

    assert [line["error"] for line in log if line["event"] == "resolution_refused"] == ["message_not_found"]
    assert not resolution_pending(stack)


def test_a_resolved_warning_on_a_real_database_is_edited(stack_on_sql: Stack) -> None:
    warning = nothing_stored(stack_on_sql)
    speak(stack_on_sql)
    wait_resolved(stack_on_sql, warning)
    stack_on_sql.run_for(10)
    assert not resolution_pending(stack_on_sql)


# acknowledgements


def test_who_acknowledged_a_warning_stays_on_it_when_it_is_resolved(stack: Stack) -> None:
    warning = nothing_stored(stack)
    stack.press(warning, "take_alert")
    ben = stack.slack.person("ben").mention
    stack.wait_for(lambda: f"{ben} is on it (" in warning.said, what="who is on it")
    speak(stack)
    wait_resolved(stack, warning)

    assert f"{ben} is on it (" in warning.said


def test_a_press_that_comes_after_the_resolution_keeps_it(stack: Stack) -> None:
    warning = nothing_stored(stack)
    speak(stack)
    wait_resolved(stack, warning)
    stack.press(warning, "take_alert", stale=True)
    stack.wait_for(lambda: "is on it (" in warning.said, what="who is on it")

    assert "Resolved at" in warning.said


def test_a_button_of_the_previous_release_still_acknowledges_its_alert(stack: Stack) -> None:
    warning = nothing_stored(stack)
    value = str(AlertKey(payload(warning)["recording_id"], AlertKind.WARNING, "nothing_stored"))
    assert warning.elements["take_alert"]["value"] == value, "the format of earlier messages"


# texts


def test_an_alert_names_its_code_links_to_the_runbook_and_asks_the_support_contact(stack: Stack) -> None:
    contact = "<!subteam^S0ADMINS>"
    stack.start(RUNBOOK_URL=RUNBOOK, SUPPORT_CONTACT=contact)
    stack.agora.fault("acquire", answer="unauthorized", times=None)
    stack.command("start daily")
    failed = stack.wait_alert("recording_failed", "unauthorized")

    assert "daily isn't being recorded: Agora rejected our sign-in" in failed.said
    assert f"{contact}: run `/record doctor`." in failed.said
    assert f"<{RUNBOOK}#recording_failed-unauthorized|recording_failed · unauthorized>" in failed.said
    assert f"`{payload(failed)['recording_id']}`" in failed.said
    assert {"take_alert", "record_again", "details"} == failed.elements.keys()


def test_an_end_that_nobody_asked_for_is_one_message_with_the_reason(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.leave("daily")
    ended = stack.wait_alert("recording_ended", "idle")

    assert "daily stopped recording: everyone left" in ended.said
    assert "It stopped at" in ended.said
    assert "<@" not in ended.said
    assert "record_again" in ended.elements
    stack.run_for(120)
    assert [event(alert) for alert in stack.alerts()] == ["recording_ended"]


@pytest.mark.parametrize("by", ["ana", "ben"])
def test_an_end_that_somebody_here_asked_for_is_no_message(stack: Stack, by: str) -> None:
    stack.start()
    stack.recording()
    stack.command("stop daily", by=by)
    stack.wait_card("ended", reason="stopped")
    stack.run_for(60)

    assert stack.alerts() == []


def test_a_call_that_nobody_joined_is_one_message_and_never_a_warning(stack: Stack) -> None:
    stack.start()
    stack.command("start daily")
    ended = stack.wait_alert("recording_ended", "idle", timeout=900)
    stack.run_for(2000)

    assert "No one joined daily, so nothing was recorded" in ended.said
    assert stack.alert_kinds() == [("recording_ended", "idle")]


def test_an_answer_that_cannot_be_read_is_not_told_as_an_outage(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.force_status("daily", 99)
    warning = stack.wait_alert("recording_warning", "agora_unreachable", timeout=900)

    assert "Can't tell how daily is" in warning.said
    assert "Can't reach Agora" not in warning.said
    stack.agora.force_status("daily", None)
    wait_resolved(stack, warning)
    assert len(stack.agora.recorders("daily")) == 1
