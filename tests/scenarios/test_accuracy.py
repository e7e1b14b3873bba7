"""What the bot claims is what Agora's last answers support, and an answer that says nothing changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from recordings.model.confirmation import Doubt, unconfirmed
from recordings.model.recording import State
from simulator.agora import Timing
from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.scenarios.conftest import NOTIFYING, a_bucket
from tests.scenarios.stack import Stack, event, payload, states

QUERY_INTERVAL = 30
HOUR = 3600.0
UNREACHABLE = ("recording_warning", "agora_unreachable")
UNREADABLE: dict[str, dict[str, Any]] = {
    "an undocumented status": {"status": 200, "body": {"serverResponse": {"status": 99}}},
    "no status": {"status": 200, "body": {"serverResponse": {}}},
    "nothing": {"answer": "empty_200"},
    "a page": {"status": 200, "body": "<html>Welcome</html>"},
}


def doubt(stack: Stack, name: str = "daily") -> Doubt | None:
    """Why a card drawn now would not say that the call is being recorded."""
    result = unconfirmed(stack.row(name), stack.now, QUERY_INTERVAL)
    return None if result is None else result.doubt


def wait_doubt(stack: Stack, expected: Doubt | None) -> None:
    stack.wait_for(lambda: doubt(stack) is expected, what=f"{expected}")


def edits(card: Message) -> int:
    return len(card.edits)


def went_on(stack: Stack) -> None:
    """It is confirmed again, by the same recorder, and there was never another one."""
    wait_doubt(stack, None)
    assert stack.row().state is State.RECORDING
    assert len(stack.agora.recorders("daily")) == 1
    assert stack.row().lost_segments == ()


# an answer that says nothing


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_can_not_be_read_for_an_hour_is_one_warning_and_never_a_loss(
    stack: Stack, fault: dict[str, Any]
) -> None:
    stack.start()
    stack.recording()
    stack.agora.fault("query", times=None, **fault)
    stack.run_for(HOUR)
    assert stack.alert_kinds() == [UNREACHABLE]
    assert stack.row().state is State.RECORDING
    assert doubt(stack) is Doubt.NO_ANSWER
    assert stack.row().probe.unreadable_answer != ""

    stack.agora.clear_faults()
    went_on(stack)
    stack.wait_alert("recording_recovered", "agora_unreachable")
    assert stack.row().probe.unreadable_answer == ""
    assert stack.alert_kinds() == [UNREACHABLE, ("recording_recovered", "agora_unreachable")]


def test_the_warning_about_an_unreadable_answer_is_about_the_call_that_it_concerns(stack: Stack) -> None:
    stack.start()
    stack.recording("older")
    stack.agora.join("daily", 2000)
    stack.command("start daily")
    stack.wait_red()
    stack.agora.force_status("daily", 99)
    warning = stack.wait_alert(*UNREACHABLE)
    assert payload(warning)["agora_channel"] == "daily"
    assert doubt(stack, "older") is None


def test_an_undocumented_status_after_a_restart_is_still_no_evidence(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.force_status("daily", 99)
    for _ in range(3):
        stack.run_for(400)
        stack.restart()
    stack.run_for(400)
    assert [kind for kind in stack.alert_kinds() if kind == UNREACHABLE] == [UNREACHABLE]
    assert not [message for message in stack.alerts() if event(message) == "recording_failed"]
    stack.agora.force_status("daily", None)
    went_on(stack)


def test_a_recorder_whose_status_was_never_readable_has_not_failed(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.force_new("daily", 99)
    stack.command("start daily")
    stack.run_for(400)
    assert stack.row().state is State.STARTING
    assert stack.alert_kinds() == [UNREACHABLE]
    stack.agora.force_status("daily", None)
    stack.wait_red()
    assert len(stack.agora.recorders("daily")) == 1


def test_a_recording_whose_status_can_not_be_read_can_be_stopped(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.fault("query", times=None, **UNREADABLE["an undocumented status"])
    stack.after_queries(3)
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
    stack.wait_agora(lambda agora: not agora.running())
    assert stack.alerts() == []
    stack.agora.clear_faults()
    stack.wait_for(lambda: stack.repositories.recorders.count_not_gone() == 0, what="that the recorder is gone")


def test_an_unwanted_recorder_whose_status_can_not_be_read_is_not_forgotten(stack: Stack) -> None:
    stack.start(RECORD_ON="0")
    stack.recording()
    stack.agora.move("daily", 200)
    stack.wait_alert("recording_failed", "lost")
    stack.agora.fault("query", times=None, **UNREADABLE["an undocumented status"])
    stack.agora.fault("stop", answer="empty_200", processed=True, times=None)
    stack.wait_agora(lambda agora: not agora.running())
    stack.run_for(HOUR)
    assert stack.repositories.recorders.count_not_gone() == 1
    stack.agora.clear_faults()
    stack.wait_for(lambda: stack.repositories.recorders.count_not_gone() == 0, what="that the recorder is gone")


# no answer


@pytest.mark.parametrize("fault", [{"lost": "request"}, {"answer": "internal_error"}, {"answer": "rate_limited"}])
def test_while_agora_gives_no_answer_the_recording_is_unconfirmed_two_intervals_after_the_last_one(
    stack: Stack, fault: dict[str, Any]
) -> None:
    stack.start()
    card = stack.recording()
    stack.after_queries(1)
    confirmed_at = stack.row().probe.found_at
    assert confirmed_at is not None
    stack.agora.fault("query", times=None, **fault)
    before = edits(card)
    stack.wait_for(lambda: edits(card) > before, what="another card")
    assert doubt(stack) is Doubt.NO_ANSWER
    waited = stack.now - confirmed_at
    assert timedelta(seconds=2 * QUERY_INTERVAL) <= waited <= timedelta(seconds=2 * QUERY_INTERVAL + 3)
    shown = edits(card)
    stack.after_queries(4)
    assert edits(card) == shown, "nothing else happened"
    assert payload(card)["state"] == "recording"

    stack.agora.clear_faults()
    wait_doubt(stack, None)
    stack.wait_for(lambda: edits(card) > shown, what="another card")
    assert stack.alerts() == []


def test_after_a_pause_of_the_bot_the_card_does_not_claim_what_nobody_has_checked(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.stop()
    stack.agora.down()
    stack.run_for(200)
    before = edits(card)
    stack.start()
    stack.wait_for(lambda: edits(card) > before, timeout=5, what="another card")
    assert doubt(stack) is Doubt.NO_ANSWER


def test_rejected_credentials_make_a_recording_unconfirmed_at_once(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    before, queries = edits(card), stack.queries()
    stack.agora.fault("query", answer="unauthorized", times=None)
    stack.wait_for(lambda: stack.queries() > queries, what="a query")
    assert doubt(stack) is Doubt.REJECTED
    stack.wait_for(lambda: edits(card) > before, timeout=5, what="another card")
    assert payload(card)["state"] == "recording"
    stack.wait_alert("recording_warning", "unauthorized")
    assert stack.alert_kinds() == [("recording_warning", "unauthorized")]
    stack.agora.clear_faults()
    went_on(stack)


def test_while_the_recorder_is_not_found_the_recording_is_unconfirmed(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.move("daily", 60)
    stack.wait_card("interrupted")
    assert doubt(stack) is Doubt.NOT_FOUND
    stack.wait_card("recording")
    assert doubt(stack) is None
    assert stack.alerts() == []


def test_while_all_is_well_the_card_is_not_edited(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.run_for(60)
    before = edits(card)
    for _ in range(20):
        stack.run_for(QUERY_INTERVAL)
        assert doubt(stack) is None
    assert edits(card) == before


# the end of a call


@pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}, NOTIFYING])
def test_when_a_call_simply_ends_no_doubt_is_shown(stack: Stack, agora_options: dict[str, Any]) -> None:
    secret = {"AGORA_WEBHOOK_SECRET": stack.agora.webhook_secret} if agora_options is NOTIFYING else {}
    stack.start(**secret)
    stack.recording()
    stack.agora.leave("daily")
    doubts = set()

    def is_over() -> bool:
        doubts.add(doubt(stack))
        return stack.row().is_over

    stack.wait_for(is_over, what="the end")
    assert doubts == {None}
    stack.wait_card("ended", reason="idle")
    assert stack.alert_kinds()[:1] == [("recording_ended", "idle")]


class TestNobodyJoined:
    """Nobody ever joins the call: nothing is recorded, and no file is missing."""

    @pytest.fixture
    def bucket(self, clock: ManualClock) -> BucketSimulator:
        return a_bucket(clock)

    def started(self, stack: Stack) -> Message:
        stack.start()
        stack.command("start daily")
        return stack.wait_card("recording")

    def check_owes_nothing(self, stack: Stack, *alerts: tuple[str, str]) -> None:
        row = stack.row()
        assert row.nobody_joined
        assert row.is_complete
        assert row.delivery is None
        stack.run_for(1.5 * HOUR)
        assert stack.alert_kinds() == list(alerts)
        stack.wait_agora(lambda agora: not agora.running())

    @pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}])
    def test_it_ends_by_itself(self, stack: Stack) -> None:
        card = self.started(stack)
        stack.wait_card("ended", reason="idle")
        self.check_owes_nothing(stack, ("recording_ended", "idle"))
        assert states(card)[-1] == "ended"
        ended_at = datetime.fromisoformat(payload(card)["ended_at"])
        assert ended_at - stack.row().requested_at < timedelta(seconds=360)

    def test_somebody_stops_it_and_agora_says_that_nothing_was_recorded(self, stack: Stack) -> None:
        self.started(stack)
        stack.command("stop", by="ben")
        stack.wait_card("ended", reason="no_media")
        self.check_owes_nothing(stack)

    def test_somebody_stops_it_and_agora_does_not_say_that(self, stack: Stack) -> None:
        self.started(stack)
        stack.agora.fault("stop", status=200, body={"serverResponse": {"uploadingStatus": "unknown"}}, times=1)
        stack.agora.force_status("daily", 6)
        stack.command("stop", by="ben")
        stack.run_for(1)
        stack.agora.kill("daily")
        stack.wait_card("ended", reason="stopped")
        self.check_owes_nothing(stack)

    @pytest.mark.parametrize("agora_options", [{"timing": Timing(stopping=45.0)}])
    def test_somebody_stops_it_at_agora(self, stack: Stack) -> None:
        self.started(stack)
        stack.agora.console_stop("daily")
        stack.wait_card("ended", reason="stopped_elsewhere")
        self.check_owes_nothing(stack, ("recording_ended", "stopped_elsewhere"))

    def test_somebody_who_joined_between_two_user_lists_is_not_overlooked(self, stack: Stack) -> None:
        self.started(stack)
        stack.after_queries(1)
        stack.agora.join("daily", 1001)
        stack.run_for(20)
        stack.command("stop", by="ben")
        stack.wait_for(lambda: stack.row().is_complete, what="the files")
        assert not stack.row().nobody_joined
        assert "recording_files" in [kind for kind, _ in stack.alert_kinds()]


# what was asked for


def test_record_again_keeps_the_options_and_the_duration(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.command("start daily for 45m audio")
    stack.wait_red()
    first = stack.row()
    stack.command("stop")
    card = stack.wait_card("ended")
    stack.run_for(100)
    stack.choose(card, "more", "Record again")
    again = stack.row()
    assert again.id != first.id
    assert again.options == first.options
    assert again.intent.ends_at is not None
    assert again.intent.ends_at - again.requested_at == timedelta(minutes=45)


def test_a_refused_layout_is_not_the_chosen_one(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", answer="invalid_parameter", times=None)
    row = stack.row()
    (menu,) = stack.choose(card, "more", "Change layout").answers
    stack.choose(menu, "change_layout", f"floating:{row.id}")
    stack.wait_for(lambda: stack.row().applied_layout.refused_at, what="the refusal")
    assert stack.row().layout is row.layout
    assert stack.row().current_options.layout is row.layout
