"""With notifications the bot is the first to know, and never wrong: a query confirms what they say of an end."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.scenarios.conftest import NOTIFYING, a_bucket
from tests.scenarios.stack import LOOK_SECONDS, Stack, event, payload, states

SOON = 1.0 + LOOK_SECONDS
"""What is known so soon was known from a notification: the next query by itself comes up to 30 s later."""


@pytest.fixture
def agora_options() -> dict[str, Any]:
    return NOTIFYING


@pytest.fixture
def notified(stack: Stack) -> Stack:
    """A bot that Agora notifies."""
    return stack.start(AGORA_WEBHOOK_SECRET=stack.agora.webhook_secret)


def recording(stack: Stack) -> Message:
    card = stack.recording()
    stack.wait_agora(lambda agora: [d for d in agora.sent(40) if d.outcome == "answered"])
    return card


def handled(stack: Stack) -> None:
    """Lets time pass until the bot has taken account of every notification that has arrived."""
    stack.run_for(1)
    stack.wait_for(lambda: not stack.repositories.notifications.due(100), what="that every notification is handled")


def alerted_soon(stack: Stack, kind: str, reason: str) -> Message:
    return stack.wait_alert(kind, reason, timeout=SOON)


def test_a_call_that_everybody_left_is_ended_at_once_and_no_failure(notified: Stack) -> None:
    card = recording(notified)
    notified.agora.leave("daily")
    notified.wait_agora(lambda agora: agora.sent(41))
    alerted_soon(notified, "recording_ended", "idle")
    assert notified.alert_kinds() == [("recording_ended", "idle")]
    assert notified.row().reported.notifications
    assert card.text.startswith("✅")


@pytest.mark.parametrize(
    ("what_happens", "reason"), [("crash", "crashed"), ("throw_out", "left")], ids=["crashed", "thrown out"]
)
def test_a_recorder_that_ends_with_a_notification_is_an_alert_at_once_that_names_the_cause(
    notified: Stack, what_happens: str, reason: str
) -> None:
    recording(notified)
    getattr(notified.agora, what_happens)("daily")
    alerted_soon(notified, "recording_failed", reason)
    assert notified.alert_kinds() == [("recording_failed", reason)]


@pytest.mark.parametrize("fault", [{"lost": True}, {"forged": True}, {"delay": 900.0}])
def test_without_notifications_everything_is_known_later(notified: Stack, fault: dict[str, object]) -> None:
    notified.agora.notices(**fault)  # type: ignore[arg-type]
    card = notified.recording()
    notified.agora.leave("daily")
    notified.wait_alert("recording_ended", "idle")
    assert "notifications" not in card.said
    assert notified.alert_kinds() == [("recording_ended", "idle")]


@pytest.mark.parametrize("fault", [{"double": True}, {"reorder": True}, {"delay": 20.0}])
def test_notifications_twice_late_or_in_any_order_alert_nobody(notified: Stack, fault: dict[str, object]) -> None:
    notified.agora.notices(**fault)  # type: ignore[arg-type]
    recording(notified)
    notified.agora.move("daily", 15)
    notified.wait_agora(lambda agora: len(agora.sent(40)) >= 2)
    notified.wait_agora(lambda agora: agora.recorder("daily").running)
    handled(notified)
    notified.command("stop", by="ben")
    notified.wait_card("ended", reason="stopped")
    handled(notified)
    assert notified.alerts() == []
    assert len(notified.agora.recorders()) == 1


def test_a_move_is_a_gap_on_the_card_and_no_alert_and_the_recording_can_be_stopped(notified: Stack) -> None:
    card = recording(notified)
    notified.agora.move("daily", 45)
    notified.wait_card("interrupted")
    notified.wait_for(lambda: "missing (" in card.said, what="the gap on the card")
    assert "interrupted" in states(card)
    assert notified.alerts() == []
    notified.command("stop", by="ben")
    over = notified.wait_card("ended", reason="stopped")
    assert "missing (" in over.said
    assert not notified.agora.running()
    assert notified.alerts() == []


def test_leaving_the_server_from_which_it_is_moved_is_no_end(notified: Stack) -> None:
    recording(notified)
    notified.agora.move("daily", 60)
    notified.wait_card("interrupted")
    notified.agora.send("daily", 41, leaveCode=16)
    notified.agora.send("daily", 11, exitStatus=1)
    handled(notified)
    notified.wait_state("recording")
    assert notified.alerts() == []
    assert len(notified.agora.recorders()) == 1


@pytest.mark.parametrize("code", [2, 4, 16])
def test_an_end_that_a_query_does_not_confirm_ends_nothing(notified: Stack, code: int) -> None:
    recording(notified)
    before = notified.queries("daily")
    notified.agora.send("daily", 41, leaveCode=code)
    notified.agora.send("daily", 11, exitStatus=1)
    notified.wait_agora(lambda agora: notified.queries("daily") > before, timeout=SOON)
    handled(notified)
    notified.after_queries(2)
    assert payload(notified.cards()[-1])["state"] == "recording"
    assert notified.alerts() == []


def test_a_notification_about_another_recorder_changes_nothing(notified: Stack) -> None:
    recording(notified)
    notified.agora.send("daily", 41, sid="f" * 32, leaveCode=4)
    handled(notified)
    notified.after_queries(2)
    assert notified.alerts() == []
    assert payload(notified.cards()[-1])["state"] == "recording"


def test_a_notification_after_the_end_changes_nothing(notified: Stack) -> None:
    recording(notified)
    notified.command("stop", by="ben")
    over = notified.wait_card("ended", reason="stopped")
    shown = over.said
    notified.agora.send("daily", 41, leaveCode=4)
    notified.agora.send("daily", 12, newUid=7)
    notified.agora.send("daily", 1, module=1, errorCode=47)
    notified.agora.send("daily", 40)
    handled(notified)
    assert over.said == shown
    assert notified.alerts() == []


def test_a_sid_whose_answer_was_lost_is_known_from_a_notification(stack: Stack) -> None:
    stack.start(AGORA_WEBHOOK_SECRET=stack.agora.webhook_secret, RETRY_BACKOFF_SECONDS="20")
    stack.agora.join("daily", 1001)
    stack.agora.fault("start", lost="answer")
    stack.command("start daily")
    card = stack.wait_card("recording")
    assert len(stack.agora.requests("start")) == 1, "it was not sent again"
    assert [recorder.sid for recorder in stack.agora.recorders()] == [payload(card)["sid"]]
    assert stack.alerts() == []


def test_nobody_to_be_heard_is_one_warning_and_one_recovery(notified: Stack) -> None:
    card = recording(notified)
    notified.agora.publish("daily", 1000, audio=False)
    warning = notified.wait_alert("recording_warning", "silent")
    assert "muted" in warning.said
    assert warning.thread_ts == card.ts
    notified.wait_for(lambda: "No one can be heard" in card.said, what="silence on the card")
    notified.agora.publish("daily", 1000, audio=True)
    notified.wait_alert("recording_recovered", "silent")
    assert notified.alert_kinds() == [("recording_warning", "silent"), ("recording_recovered", "silent")]


def test_uploads_that_fail_are_one_warning_and_one_recovery(notified: Stack) -> None:
    recording(notified)
    for _ in range(3):
        notified.agora.send("daily", 1, module=1, errorCode=47, errorLevel=4)
    notified.wait_alert("recording_warning", "upload_failing")
    handled(notified)
    notified.agora.send("daily", 33, progress=9000)
    notified.wait_alert("recording_recovered", "upload_failing")
    assert notified.alert_kinds() == [
        ("recording_warning", "upload_failing"),
        ("recording_recovered", "upload_failing"),
    ]


def test_a_stop_at_agoras_console_is_an_end_and_no_failure(notified: Stack) -> None:
    recording(notified)
    notified.agora.console_stop("daily")
    alerted_soon(notified, "recording_ended", "stopped_elsewhere")
    assert [kind for kind, _ in notified.alert_kinds()] == ["recording_ended"]


class TestFiles:
    """With a bucket."""

    @pytest.fixture
    def bucket(self, clock: ManualClock) -> BucketSimulator:
        return a_bucket(clock)

    def test_that_everything_is_uploaded_is_checked_in_the_bucket_at_once(self, notified: Stack) -> None:
        recording(notified)
        notified.agora.uploads("daily", "late", delay=40)
        notified.command("stop", by="ben")
        notified.wait_agora(lambda agora: [d for d in agora.sent(31) if d.outcome == "answered"])
        notified.wait_for(
            lambda: [m for m in notified.slack.messages("daily") if event(m) == "recording_files"],
            timeout=SOON,
            what="the files",
        )
        assert notified.alert_kinds() == [("recording_files", "stopped")]

    def test_files_in_agoras_backup_are_known_from_a_notification_and_so_is_their_way_back(
        self, notified: Stack
    ) -> None:
        notified.agora.uploads("daily", "backup")
        recording(notified)
        notified.command("stop", by="ben")
        notified.wait_alert("recording_warning", "in_backup")
        notified.agora.restore("daily")
        notified.wait_alert("recording_recovered", "in_backup")
        notified.wait_card("ended", reason="stopped")
