"""With notifications the bot is the first to know, and never wrong: what they say of an end, a query confirms."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator.agora import AgoraSimulator
from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message, SlackSimulator
from tests.system.conftest import ON_BOTH, TIMING, Stack, event, payload, states, words

PATIENT = {"QUERY_INTERVAL_SECONDS": "5", "FAILOVER_GRACE_SECONDS": "60", "SILENCE_ALERT_SECONDS": "2"}
"""What is told within a second or two was told by a notice: no query comes so soon by itself."""
NOTICED = 4.0


@pytest.fixture
def agora_options() -> dict[str, object]:
    return {"timing": replace(TIMING, webhook_timeout=5.0)}


@pytest.fixture
def told(stack: Stack, port: int) -> Stack:
    """A bot that Agora notifies."""
    stack.bot.environment |= {"HTTP_PORT": str(port), "AGORA_WEBHOOK_SECRET": stack.agora.webhook_secret}
    stack.agora.notify(f"http://127.0.0.1:{port}/agora/webhook")
    return stack


def recording(stack: Stack, **settings: str) -> Message:
    stack.start(**PATIENT | settings)
    card = stack.recording()
    stack.agora.wait_for(lambda sim: [d for d in sim.sent(40) if d.outcome == "answered"], timeout=20)
    return card


def alert(stack: Stack, kind: str, reason: str) -> tuple[Message, float]:
    """The alert, and the seconds that it took from now."""
    begun = time.monotonic()
    found = stack.wait_alert(kind, reason)
    return found, time.monotonic() - begun


def everything_is_heeded(stack: Stack) -> None:
    stack.agora.delivered()
    stack.slack.wait_for(
        lambda: not stack.bot.rows("SELECT id FROM notices WHERE heeded_at IS NULL AND recording_id IS NOT NULL"),
        timeout=10,
        what="every notice is heeded",
    )


@ON_BOTH
def test_a_call_that_everybody_left_is_ended_at_once_and_no_failure(told: Stack) -> None:
    card = recording(told, MAX_IDLE_SECONDS="5")
    told.agora.leave("daily")
    told.agora.wait_for(lambda sim: sim.sent(41), timeout=20)
    _, seconds = alert(told, "recording_ended", "idle")
    assert seconds < NOTICED
    assert told.alert_kinds() == [("recording_ended", "idle")]
    assert "Agora's notifications arrive" in card.said


@pytest.mark.parametrize(
    ("befalls", "reason"), [("crash", "crashed"), ("throw_out", "left")], ids=["crashed", "thrown out"]
)
def test_a_recorder_that_dies_with_a_word_is_told_at_once_with_the_cause(
    told: Stack, befalls: str, reason: str
) -> None:
    recording(told)
    getattr(told.agora, befalls)("daily")
    _, seconds = alert(told, "recording_failed", reason)
    assert seconds < NOTICED
    assert told.alert_kinds() == [("recording_failed", reason)]


@pytest.mark.parametrize("fault", [{"lost": True}, {"forged": True}, {"delay": 30.0}])
def test_without_notices_everything_is_known_later(told: Stack, fault: dict[str, object]) -> None:
    told.agora.notices(**fault)  # type: ignore[arg-type]
    told.start(MAX_IDLE_SECONDS="5")
    card = told.recording()
    told.agora.leave("daily")
    told.wait_alert("recording_ended", "idle")
    assert "notifications" not in card.said
    assert told.alert_kinds() == [("recording_ended", "idle")]


@pytest.mark.parametrize("fault", [{"double": True}, {"reorder": True}, {"delay": 0.4}])
def test_notices_that_come_twice_late_or_in_any_order_tell_nothing_twice(told: Stack, fault: dict[str, object]) -> None:
    told.agora.notices(**fault)  # type: ignore[arg-type]
    recording(told)
    told.agora.move("daily", 0.5)
    told.agora.wait_for(lambda sim: len(sim.sent(40)) >= 2, timeout=20)
    told.agora.wait_for(lambda sim: sim.recorder("daily").running, timeout=20)
    everything_is_heeded(told)
    told.command("stop", by="ben")
    told.wait_card("ended", reason="stopped")
    everything_is_heeded(told)
    assert told.alerts() == []
    assert len(told.agora.recorders()) == 1


def test_a_recorder_that_agora_moves_is_no_alarm_its_gap_is_on_the_card_and_it_can_be_stopped(told: Stack) -> None:
    card = recording(told)
    told.agora.move("daily", 1.5)
    told.wait_card("interrupted")
    told.slack.wait_for(lambda: "is missing" in card.said, timeout=20, what="the gap on the card")
    assert "interrupted" in states(card)
    assert told.alerts() == []
    told.command("stop", by="ben")
    over = told.wait_card("ended", reason="stopped")
    assert "is missing" in over.said
    assert not told.agora.running()
    assert told.alerts() == []


def test_that_it_left_the_server_from_which_it_is_moved_is_no_end(told: Stack) -> None:
    recording(told)
    told.agora.move("daily", 2)
    told.wait_card("interrupted")
    told.agora.send("daily", 41, leaveCode=16)
    told.agora.send("daily", 11, exitStatus=1)
    everything_is_heeded(told)
    told.wait_state("recording")
    assert told.alerts() == []
    assert len(told.agora.recorders()) == 1


@pytest.mark.parametrize("code", [2, 4, 16])
def test_a_word_of_the_end_that_is_not_true_ends_nothing(told: Stack, code: int) -> None:
    recording(told)
    before = told.queries("daily")
    told.agora.send("daily", 41, leaveCode=code)
    told.agora.send("daily", 11, exitStatus=1)
    told.wait_agora(lambda sim: told.queries("daily") > before, timeout=NOTICED)
    everything_is_heeded(told)
    told.after_queries(2)
    assert payload(told.cards()[-1])["state"] == "recording"
    assert told.alerts() == []


def test_a_notice_about_another_recorder_changes_nothing(told: Stack) -> None:
    recording(told)
    told.agora.send("daily", 41, sid="f" * 32, leaveCode=4)
    everything_is_heeded(told)
    told.after_queries(2)
    assert told.alerts() == []
    assert payload(told.cards()[-1])["state"] == "recording"


def test_a_notice_after_the_end_changes_nothing(told: Stack) -> None:
    recording(told)
    told.command("stop", by="ben")
    over = told.wait_card("ended", reason="stopped")
    shown = over.said
    told.agora.send("daily", 41, leaveCode=4)
    told.agora.send("daily", 12, newUid=7)
    told.agora.send("daily", 1, module=1, errorCode=47)
    told.agora.send("daily", 40)
    everything_is_heeded(told)
    assert over.said == shown
    assert told.alerts() == []


def test_a_sid_whose_answer_was_lost_is_learnt_from_a_notice(told: Stack) -> None:
    told.start(**PATIENT, START_TIMEOUT_SECONDS="60", RETRY_BACKOFF_SECONDS="20")
    told.agora.join("daily", 1001)
    told.agora.fault("start", lost="answer")
    told.command("start daily")
    card = told.wait_card("recording")
    assert len(told.agora.requests("start")) == 1, "it was not sent again"
    assert [recorder.sid for recorder in told.agora.recorders()] == [payload(card)["sid"]]
    assert told.alerts() == []


def test_nobody_heard_while_people_are_there_is_one_warning_taken_back(told: Stack) -> None:
    card = recording(told)
    told.agora.publish("daily", 1000, audio=False)
    warning, _ = alert(told, "recording_warning", "silent")
    assert "muted" in warning.said
    assert warning.thread_ts == card.ts
    told.slack.wait_for(lambda: "Nobody can be heard" in card.said, timeout=20, what="silence on the card")
    told.agora.publish("daily", 1000, audio=True)
    alert(told, "recording_recovered", "silent")
    assert told.alert_kinds() == [("recording_warning", "silent"), ("recording_recovered", "silent")]


def test_uploads_that_fail_are_one_warning_and_one_recovery(told: Stack) -> None:
    recording(told)
    for _ in range(3):
        told.agora.send("daily", 1, module=1, errorCode=47, errorLevel=4)
    alert(told, "recording_warning", "upload_failing")
    everything_is_heeded(told)
    told.agora.send("daily", 33, progress=9000)
    alert(told, "recording_recovered", "upload_failing")
    assert told.alert_kinds() == [("recording_warning", "upload_failing"), ("recording_recovered", "upload_failing")]


def test_the_console_that_stops_one_is_an_end_and_no_loss(told: Stack) -> None:
    recording(told)
    told.agora.console_stop("daily")
    _, seconds = alert(told, "recording_ended", "stopped_elsewhere")
    assert seconds < NOTICED
    assert [kind for kind, _ in told.alert_kinds()] == ["recording_ended"]


class TestFiles:
    """With a bucket."""

    @pytest.fixture
    def bucket(self) -> Iterator[BucketSimulator]:
        with BucketServer() as server:
            yield server.simulator

    def test_that_everything_is_uploaded_is_looked_at_in_the_bucket_at_once(self, told: Stack) -> None:
        recording(told)
        told.agora.uploads("daily", "late", delay=4)
        told.command("stop", by="ben")
        told.agora.wait_for(lambda sim: [d for d in sim.sent(31) if d.outcome == "answered"], timeout=30)
        begun = time.monotonic()
        told.slack.wait_for(
            lambda: [m for m in told.slack.messages("daily") if event(m) == "recording_files"], timeout=20
        )
        assert time.monotonic() - begun < NOTICED
        assert told.alert_kinds() == [("recording_files", "stopped")]

    def test_agoras_backup_is_told_from_its_notice_and_so_is_the_end_of_it(self, told: Stack) -> None:
        told.agora.uploads("daily", "backup")
        recording(told)
        told.command("stop", by="ben")
        told.wait_alert("recording_warning", "in_backup")
        told.agora.restore("daily")
        told.wait_alert("recording_recovered", "in_backup")
        told.wait_card("ended", reason="stopped")


@pytest.mark.bench
def test_from_an_event_at_agora_to_the_alert_it_takes_less_than_a_second(
    slack: SlackSimulator, told: Stack, agora: AgoraSimulator
) -> None:
    told.start(**PATIENT | {"QUERY_INTERVAL_SECONDS": "30"})
    for number in range(20):
        told.room(f"room{number}")
        agora.join(f"call{number}", 1)
        told.command(f"start call{number}", channel=f"room{number}")
    # What is written down: Slack takes a minute for so many edits of cards.
    stored = "SELECT id FROM recordings WHERE first_file_at IS NOT NULL"
    slack.wait_for(lambda: len(told.bot.rows(stored)) == 20, timeout=20, what="a first file of each")
    told.agora.delivered()
    took = []
    for number in range(20):
        begun = time.time()
        agora.throw_out(f"call{number}")
        raised = told.wait_alert("recording_failed", "left", channel=f"room{number}")
        took.append(raised.at - begun)
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"event to alert: median {statistics.median(took):.2f} s, p95 {p95:.2f} s")  # noqa: T201 - the measurement
    assert p95 < 1
    assert words(told.command("status", channel="room0"))
