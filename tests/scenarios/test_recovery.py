"""A recorder is lost while people are in the call: another one continues the same recording, on the same card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from recordings.model.audit import Source
from recordings.model.segments import LostSegment
from simulator.agora import RecorderView
from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.scenarios.conftest import NOTIFYING, a_bucket
from tests.scenarios.stack import LOOK_SECONDS, Stack, payload, states, words

INTERVAL, GRACE = 30, 120
LOST = ("recording_warning", "lost")


def lose(stack: Stack) -> float:
    """The recorder dies without a word, and people stay; when that was."""
    stack.agora.kill("daily")
    return float(stack.agora.recorders("daily")[-1].ended_at or 0)


def wait_part(stack: Stack, number: int) -> Message:
    """The card, once it shows that this part is recorded and has a file."""

    def shown() -> Message | None:
        row = stack.row()
        cards = [card for card in stack.cards() if row.segment_number == number and payload(card).get("sid") == row.sid]
        return next((card for card in cards if card.text.startswith("🔴")), None)

    card = stack.wait_for(shown, what=f"part {number}")
    assert card is not None
    return card


def lost_segment(stack: Stack) -> LostSegment:
    (segment,) = stack.row().lost_segments
    return segment


def seconds(moment: datetime | None) -> float:
    assert moment is not None
    return moment.timestamp()


def check_one_continues(stack: Stack, parts: int) -> None:
    """Each part had one recorder, the last one runs, and the channel was told of the losses alone."""
    stack.after_queries(4)
    recorders = stack.agora.recorders("daily")
    assert [recorder.sid for recorder in stack.agora.running()] == [recorders[-1].sid]
    assert len({recorder.uid for recorder in recorders}) == len(recorders) == parts
    assert stack.alert_kinds() == [LOST] * (parts - 1)
    assert len(stack.cards()) == 1
    assert payload(stack.cards()[0])["sid"] == recorders[-1].sid


def test_a_lost_recorder_is_replaced_in_time_with_one_warning_on_the_same_card(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    since = payload(card)["started_at"]
    died = lose(stack)
    warning = stack.wait_alert(*LOST)
    second = stack.agora.requests("start")[1]

    assert GRACE <= second.wall - died <= INTERVAL + GRACE + LOOK_SECONDS
    assert (warning.thread_ts, warning.broadcast) == (card.ts, True)
    assert payload(warning)["state"] == "recording"
    assert payload(warning)["sid"] == stack.agora.running()[0].sid
    for text in ("A new recorder took over daily", "missing (", "Nothing to do."):
        assert text in warning.said
    assert "<@" not in warning.said, "nobody has to act"
    assert warning.elements == {}
    shown = wait_part(stack, 2)
    assert (shown.ts, payload(shown)["started_at"]) == (card.ts, since)
    assert "missing (" in shown.said
    assert "failed" not in states(shown)
    assert "part 2" in words(stack.command("status", by="ben"))
    check_one_continues(stack, parts=2)
    (resumed,) = [event for event in stack.audit() if event.what == "recorded_on"]
    assert (resumed.who, resumed.source, resumed.detail) == ("", Source.LOSS, "part 2")
    recorders = stack.repositories.recorders.of_recording(stack.row().id)
    assert [recorder.segment_number for recorder in recorders] == [1, 2]

    stack.command("stop", by="ben")
    over = stack.wait_card("ended", reason="stopped")
    assert "Recorded in 2 parts" in over.said
    assert "missing (" in over.said
    stack.wait_agora(lambda agora: not agora.running())


def test_the_gap_begins_with_the_last_query_that_found_it_and_ends_with_the_next_part(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.after_queries(2)
    died = lose(stack)
    stack.wait_alert(*LOST)
    answered = [query.wall for query in stack.agora.requests("query") if query.status == 200 and query.wall <= died]
    segment = lost_segment(stack)
    assert seconds(segment.found_at) == answered[-1]
    assert stack.agora.requests("start")[1].wall < seconds(segment.resumed_at) <= stack.agora.requests("query")[-1].wall


def test_three_losses_are_survived_and_the_fourth_is_a_failure(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    for number in (2, 3, 4):
        lose(stack)
        wait_part(stack, number)
    check_one_continues(stack, parts=4)
    lose(stack)
    failed = stack.wait_alert("recording_failed", "lost")
    assert "record_again" in failed.elements
    over = stack.wait_card("failed", reason="lost")
    assert over.ts == card.ts
    assert "Recorded in 4 parts" in over.said
    kinds = [kind for kind in stack.alert_kinds() if kind[0] != "recording_files"]
    assert kinds == [*[LOST] * 3, ("recording_failed", "lost")]
    assert len(stack.agora.recorders("daily")) == 4
    assert not stack.agora.running()


@pytest.mark.parametrize("off", ["0", "no"])
def test_switched_off_a_loss_is_a_failure(stack: Stack, off: str) -> None:
    stack.start(RECORD_ON=off)
    stack.recording()
    lose(stack)
    stack.wait_alert("recording_failed", "lost")
    stack.wait_card("failed", reason="lost")
    assert len(stack.agora.recorders("daily")) == 1


@pytest.mark.parametrize(
    ("reason", "operation", "answer"),
    [
        ("overloaded", "acquire", "vendor_over_load"),
        ("unauthorized", "acquire", "unauthorized"),
        ("rejected", "start", "invalid_parameter"),
    ],
)
def test_a_refused_next_recorder_is_a_failure_that_names_the_loss_and_the_refusal(
    stack: Stack, reason: str, operation: str, answer: str
) -> None:
    stack.start()
    stack.recording()
    stack.agora.fault(operation, answer=answer, times=None)
    lose(stack)
    failed = stack.wait_alert("recording_failed", reason)
    for text in ("The recorder disappeared at", "no new one could join", "until then is being saved"):
        assert text in failed.said
    assert "record_again" in failed.elements
    over = stack.wait_card("failed", reason=reason)
    assert "A new recorder couldn't join" in over.said
    assert "sid" not in payload(over)
    assert stack.alert_kinds() == [("recording_failed", reason)]
    assert not stack.agora.running()


def test_a_next_recorder_that_never_enters_the_call_is_a_failure(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.force_new("daily", 2)
    lose(stack)
    card = stack.wait_card("interrupted")
    stack.wait_for(lambda: "A new one is joining" in card.said, what="the card that says so")
    failed = stack.wait_alert("recording_failed", "never_started")
    assert "no new one could join" in failed.said
    assert stack.alert_kinds() == [("recording_failed", "never_started")]
    stack.wait_agora(lambda agora: not agora.running())


def test_when_everybody_leaves_meanwhile_the_recording_ends_and_is_no_failure(stack: Stack) -> None:
    stack.start(MAX_IDLE_SECONDS="60")
    stack.recording()
    lose(stack)
    stack.wait_agora(lambda agora: len(agora.requests("start")) == 2)
    stack.agora.leave("daily")
    stack.wait_alert("recording_ended", "idle")
    stack.wait_card("ended", reason="idle")
    assert ("recording_failed", "lost") not in stack.alert_kinds()


@pytest.mark.parametrize(
    ("operation", "fault"), [("acquire", {"status": 503, "body": {}}), ("start", {"lost": "request"})]
)
def test_a_stop_between_two_recorders_ends_the_recording(stack: Stack, operation: str, fault: dict[str, Any]) -> None:
    stack.start()
    stack.recording()
    tried = len(stack.agora.requests(operation))
    stack.agora.fault(operation, **fault, times=None)
    lose(stack)
    stack.wait_agora(lambda agora: len(agora.requests(operation)) > tried)
    assert "Not being recorded right now" in words(stack.command("status"))
    stack.command("stop", by="ben")
    stack.agora.clear_faults()
    over = stack.wait_card("ended", reason="stopped")
    assert stack.slack.person("ben").mention in over.said
    stack.wait_agora(lambda agora: not agora.running())
    assert stack.alert_kinds() == []


def test_time_can_be_added_between_two_recorders(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("acquire", status=503, body={}, times=None)
    lose(stack)
    stack.wait_agora(lambda agora: len(agora.requests("acquire")) > 1)
    stack.press(card, "extend_recording")
    stack.wait_for(lambda: stack.row().intent.extended_by is not None, what="the later end")
    stack.agora.clear_faults()
    wait_part(stack, 2)
    assert stack.alert_kinds() == [LOST]


def test_a_bot_that_is_down_when_the_recorder_is_lost_continues_when_it_is_back(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.stop()
    lose(stack)
    stack.run_for(60)
    stack.start()
    wait_part(stack, 2)
    stack.restart()
    check_one_continues(stack, parts=2)


def test_a_start_whose_answer_is_lost_leaves_one_known_recorder(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.fault("start", lost="answer", times=4)
    lose(stack)
    stack.wait_alert(*LOST)
    wait_part(stack, 2)
    stack.wait_agora(lambda agora: len(agora.running()) == 1)
    stack.after_queries(4)
    (running,) = stack.agora.running()
    assert payload(stack.cards()[0])["sid"] == running.sid
    assert stack.alert_kinds() == [LOST]


def test_a_recorder_that_comes_back_after_it_was_replaced_is_stopped(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.move("daily", 200)
    stack.wait_alert(*LOST)
    stack.wait_agora(lambda agora: agora.recorders("daily")[0].ended_by == "stopped")
    wait_part(stack, 2)
    check_one_continues(stack, parts=2)


class TestWithNotifications:
    @pytest.fixture
    def agora_options(self) -> dict[str, Any]:
        return NOTIFYING

    @pytest.fixture
    def notified(self, stack: Stack) -> Stack:
        return stack.start(AGORA_WEBHOOK_SECRET=stack.agora.webhook_secret)

    def test_late_notifications_of_the_lost_recorder_move_the_gap_alone(self, notified: Stack) -> None:
        stack = notified
        stack.recording()
        for number in (11, 41):
            stack.agora.notices("daily", number, delay=400)
        first = stack.agora.throw_out("daily")
        card = wait_part(stack, 2)
        assert lost_segment(stack).left_at is None
        stack.wait_for(lambda: lost_segment(stack).left_at, what="when it left, as Agora reports")
        assert seconds(lost_segment(stack).left_at) == pytest.approx(first.ended_at, abs=0.001)
        stack.agora.send("daily", 32, sid=first.sid, uid=first.uid)
        stack.agora.send("daily", 12, sid=first.sid, uid=first.uid, newUid=7)
        check_one_continues(stack, parts=2)
        assert "missing (" in card.said
        assert states(card)[-1] == "recording"
        assert stack.row().uploading_status == ""

    def test_after_a_move_that_never_ends_the_gap_begins_with_the_move(self, notified: Stack) -> None:
        stack = notified
        stack.recording()
        stack.agora.move("daily", 3600)
        stack.wait_alert(*LOST)
        segment = lost_segment(stack)
        assert seconds(segment.found_at) <= seconds(segment.moved_at) < seconds(segment.lost_at)
        wait_part(stack, 2)
        stack.after_queries(4)
        assert stack.alert_kinds() == [LOST]
        assert payload(stack.cards()[0])["sid"] == stack.agora.recorders("daily")[-1].sid

    def test_a_start_whose_answer_is_lost_is_named_by_a_notification(self, notified: Stack) -> None:
        stack = notified
        stack.recording()
        stack.agora.fault("start", lost="answer")
        lose(stack)
        wait_part(stack, 2)
        check_one_continues(stack, parts=2)


class TestFiles:
    @pytest.fixture
    def bucket(self, clock: ManualClock) -> BucketSimulator:
        return a_bucket(clock)

    def test_the_files_of_both_parts_are_delivered_together(self, stack: Stack) -> None:
        stack.start()
        card = stack.recording()
        first = stack.agora.recorder("daily")
        lose(stack)
        wait_part(stack, 2)
        second = stack.agora.recorder("daily")
        stack.command("stop", by="ben")
        ready = stack.wait_alert("recording_files", "stopped")
        stack.wait_card("ended", reason="stopped")
        assert "1 file" in ready.said, "a recorder that died made none"
        for place in (ready, stack.cards()[-1]):
            assert "The first " in place.said
            assert "in the file" in place.said
            assert "saved as streaming segments; your recording admin can recover" in place.said
            assert "_daily" not in place.said, "names of files are for Details"
        assert self.playlists(stack) == [first.sid, second.sid]
        assert [kind for kind in stack.alert_kinds() if kind != LOST] == [("recording_files", "stopped")]
        assert stack.answer(stack.press(card, "get_links"))

    def playlists(self, stack: Stack) -> list[str]:
        delivery = stack.row().delivery
        assert delivery is not None
        assert delivery.missing == ()
        return [key.rsplit("/", 1)[-1].split("_")[0] for key in delivery.playlists]

    def test_a_first_part_without_files_is_named_and_delays_nothing(self, stack: Stack) -> None:
        stack.start()
        stack.agora.uploads("daily", "never")
        stack.agora.join("daily", 1000)
        stack.command("start daily")
        stack.wait_card("recording")
        first: RecorderView = stack.agora.recorder("daily")
        lose(stack)
        stack.wait_alert(*LOST)
        stack.agora.uploads("daily", "normal")
        wait_part(stack, 2)
        stack.command("stop", by="ben")
        ready = stack.wait_alert("recording_files", "stopped")
        assert "daily is ready" in ready.said
        card = stack.wait_card("ended", reason="stopped")
        for place in (ready, card):
            assert "1 file" in place.said
            assert "saved." in place.said
            assert "The first " in place.said
            assert first.sid not in place.said

    def test_the_files_of_the_lost_part_are_delivered_when_no_other_recorder_starts(self, stack: Stack) -> None:
        stack.start()
        stack.recording()
        first = stack.agora.recorder("daily")
        stack.agora.fault("acquire", answer="vendor_over_load", times=None)
        lose(stack)
        stack.wait_alert("recording_failed", "overloaded")
        ready = stack.wait_alert("recording_files", "overloaded", timeout=1200)
        assert "daily is saved, without a file to open" in ready.said
        assert "There's no file to download" in ready.said
        assert "saved as streaming segments" in ready.said
        delivery = stack.row().delivery
        assert delivery is not None
        assert [footage.stem for footage in delivery.footage] == [f"{first.sid}_daily"]
        assert [kind for kind, _ in stack.alert_kinds()] == ["recording_failed", "recording_files"]
