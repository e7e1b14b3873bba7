"""A recorder that is lost while people are in the call: the bot records on by itself, in the same recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from tests.scenarios.stack import Stack, event, payload, states, words
from tests.system.test_points_of_death import DEATHS, End, Point, die, hit, record, wait_ends

INTERVAL, GRACE = 0.4, 3.0
SOON = {"FAILOVER_GRACE_SECONDS": "1"}
"""For what happens after the loss, or several times."""
LOST = ("recording_warning", "lost")


def is_lost(stack: Stack, name: str = "daily") -> float:
    """The recorder of this call dies without a word, and people stay; when that was."""
    stack.agora.kill(name)
    return float(stack.agora.recorders(name)[-1].ended_at or 0)


def wait_part(stack: Stack, number: int, name: str = "daily", channel: str = "daily") -> Message:
    """The card, once it shows that this part is recorded and has a file."""

    def shows() -> Message | None:
        cards = [card for card in stack.cards(channel, name) if f"Part {number} since" in card.said]
        return next((card for card in cards if card.text.startswith("🔴")), None)

    found = stack.wait_for(shows, what=f"part {number} of {name}")
    assert found is not None
    return found


def lost_segments(stack: Stack) -> list[dict[str, Any]]:
    (row,) = stack.bot.rows("SELECT lost_parts FROM recordings")
    parts = row["lost_parts"]
    found: list[dict[str, Any]] = json.loads(parts) if isinstance(parts, str) else parts
    return found


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def one_goes_on(stack: Stack, parts: int) -> None:
    """As many recorders as parts were started, the last one runs, and nobody was alarmed more than by the losses."""
    stack.after_queries(4)
    recorders = stack.agora.recorders("daily")
    assert [recorder.sid for recorder in stack.agora.running()] == [recorders[-1].sid]
    assert len({recorder.uid for recorder in recorders}) == len(recorders) == parts
    assert stack.alert_kinds() == [LOST] * (parts - 1)
    assert len(stack.cards()) == 1
    assert payload(stack.cards()[0])["sid"] == recorders[-1].sid


def test_a_lost_recorder_is_followed_in_time_by_another_one_with_one_warning_on_the_same_card(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    since = payload(card)["started_at"]
    died = is_lost(stack)
    warning = stack.wait_alert(*LOST)
    second = stack.agora.requests("start")[1]
    assert GRACE <= second.wall - died <= INTERVAL + GRACE + 5
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert payload(warning)["state"] == "recording"
    assert payload(warning)["sid"] == stack.agora.running()[0].sid
    assert "I record on" in warning.said
    assert "Part 2 since" in warning.said
    assert "is missing" in warning.said
    assert "record_again" not in warning.elements

    shown = wait_part(stack, 2)
    assert (shown.ts, payload(shown)["started_at"]) == (card.ts, since)
    assert "is missing" in shown.said
    assert "failed" not in states(shown)
    assert "part 2" in words(stack.command("status", by="ben"))
    one_goes_on(stack, parts=2)
    audit_events = stack.bot.rows("SELECT who, what, source, detail FROM acts WHERE what = 'recorded_on'")
    assert [dict(audit_event) for audit_event in audit_events] == [
        {"who": "", "what": "recorded_on", "source": "loss", "detail": "part 2"}
    ]
    assert [row["part"] for row in stack.bot.rows("SELECT part FROM recorders ORDER BY created_at")] == [1, 2]

    stack.command("stop", by="ben")
    over = stack.wait_card("ended", reason="stopped")
    assert "Recorded in 2 parts" in over.said
    assert "is missing" in over.said
    stack.wait_agora(lambda agora: not agora.running())


def test_what_is_missing_begins_with_the_last_query_that_found_it_and_ends_with_the_next_part(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.after_queries(2)
    died = is_lost(stack)
    stack.wait_alert(*LOST)
    found = [seen.wall for seen in stack.agora.requests("query") if seen.status == 200 and seen.wall <= died + 0.1]
    (part,) = lost_segments(stack)
    assert moment(part["found_at"]) == pytest.approx(found[-1], abs=0.3)
    assert died < moment(part["on_at"]) <= stack.agora.requests("query")[-1].wall + 1
    start = stack.agora.requests("start")[1]
    assert moment(part["on_at"]) > start.wall


def test_three_losses_are_recorded_on_and_the_fourth_is_a_failure(stack: Stack) -> None:
    stack.start(**SOON)
    card = stack.recording()
    for number in (2, 3, 4):
        is_lost(stack)
        wait_part(stack, number)
    one_goes_on(stack, parts=4)
    is_lost(stack)
    failed = stack.wait_alert("recording_failed", "lost")
    assert "record_again" in failed.elements
    over = stack.wait_card("failed", reason="lost")
    assert over.ts == card.ts
    assert "Recorded in 4 parts" in over.said
    assert [kind for kind in stack.alert_kinds() if kind[0] != "recording_files"] == [
        *[LOST] * 3,
        ("recording_failed", "lost"),
    ]
    assert len(stack.agora.recorders("daily")) == 4
    assert not stack.agora.running()


@pytest.mark.parametrize("off", ["0", "no"])
def test_switched_off_a_loss_is_a_failure(stack: Stack, off: str) -> None:
    stack.start(RECORD_ON=off)
    stack.recording()
    is_lost(stack)
    stack.wait_alert("recording_failed", "lost")
    stack.wait_card("failed", reason="lost")
    assert len(stack.agora.recorders("daily")) == 1


REFUSED = {
    "overloaded": ("acquire", "vendor_over_load"),
    "unauthorized": ("acquire", "unauthorized"),
    "rejected": ("start", "invalid_parameter"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_where_recording_on_is_refused_the_failure_says_that_it_was_lost_and_why_it_did_not_go_on(
    stack: Stack, reason: str
) -> None:
    stack.start(**SOON)
    stack.recording()
    operation, answer = REFUSED[reason]
    stack.agora.fault(operation, answer=answer, times=None)
    is_lost(stack)
    failed = stack.wait_alert("recording_failed", reason)
    assert "was lost" in failed.said
    assert "could not record on" in failed.said
    assert "Nothing has been recorded since" in failed.said
    assert "record_again" in failed.elements
    over = stack.wait_card("failed", reason=reason)
    assert "could not record on" in over.said
    assert "sid" not in payload(over)
    assert stack.alert_kinds() == [("recording_failed", reason)]
    assert not stack.agora.running()


def test_one_that_does_not_come_up_in_the_place_of_the_lost_one_never_started(stack: Stack) -> None:
    stack.start(**SOON, START_TIMEOUT_SECONDS="3")
    stack.recording()
    stack.agora.force_new("daily", 2)
    is_lost(stack)
    card = stack.wait_card("interrupted")
    stack.wait_for(lambda: "starting part 2" in card.said, what="the card says what goes on")
    failed = stack.wait_alert("recording_failed", "never_started")
    assert "could not record on" in failed.said
    assert stack.alert_kinds() == [("recording_failed", "never_started")]
    stack.wait_agora(lambda agora: not agora.running())


def test_where_everybody_leaves_meanwhile_it_is_an_end_and_no_failure(stack: Stack) -> None:
    stack.start(**SOON, MAX_IDLE_SECONDS="5")
    stack.recording()
    is_lost(stack)
    stack.wait_agora(lambda agora: len(agora.requests("start")) == 2)
    stack.agora.leave("daily")
    stack.wait_alert("recording_ended", "idle")
    stack.wait_card("ended", reason="idle")
    assert ("recording_failed", "lost") not in stack.alert_kinds()


@pytest.mark.parametrize("fault", [("acquire", {"status": 503, "body": {}}), ("start", {"lost": "request"})])
def test_a_stop_while_it_is_recorded_on_ends_it(stack: Stack, fault: tuple[str, dict[str, Any]]) -> None:
    stack.start(**SOON, START_TIMEOUT_SECONDS="60", RETRY_BACKOFF_SECONDS="0.1,0.2,0.3,5")
    stack.recording()
    operation, how = fault
    tried = len(stack.agora.requests(operation))
    stack.agora.fault(operation, **how, times=None)
    is_lost(stack)
    stack.wait_agora(lambda agora: len(agora.requests(operation)) > tried)
    assert "starting part 2" in words(stack.command("status"))
    stack.command("stop", by="ben")
    stack.agora.clear_faults()
    over = stack.wait_card("ended", reason="stopped")
    assert stack.slack.person("ben").mention in over.said
    stack.wait_agora(lambda agora: not agora.running())
    assert [kind for kind, _ in stack.alert_kinds()] == []


def test_its_end_can_be_put_off_while_it_is_recorded_on(stack: Stack) -> None:
    stack.start(**SOON, START_TIMEOUT_SECONDS="60", RETRY_BACKOFF_SECONDS="0.1,5,5,5")
    card = stack.recording()
    stack.agora.fault("acquire", status=503, body={}, times=None)
    is_lost(stack)
    stack.wait_agora(lambda agora: len(agora.requests("acquire")) > 1)
    stack.slack.person("ben").press(card, "extend_recording")
    stack.wait_for(lambda: "Extended to" in card.said, what="the later end on the card")
    stack.agora.clear_faults()
    wait_part(stack, 2)
    assert stack.alert_kinds() == [LOST]


@DEATHS
def test_wherever_recording_on_is_cut_off_one_recorder_is_left_and_the_loss_is_told_once(
    stack: Stack, death: str
) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    names = [point.name for point in points]
    stack.start(START_TIMEOUT_SECONDS="30", **SOON)
    record(stack, names)
    # The death comes when all of them are reached: recorders are alive until then.
    for name in names:
        stack.wait_red(name, channel=name)
    reached = [hit(stack, point, death) for point in points]
    for name in names:
        stack.agora.kill(name)
    die(stack, death, reached)
    wait_ends(stack, {name: End("recording", known=True, alerts=1) for name in names})
    for name in names:
        assert stack.alert_kinds(name) == [LOST]
        assert len(stack.bot.rows("SELECT id FROM recordings WHERE agora_channel = :name", name=name)) == 1


def test_a_bot_that_is_away_when_the_recorder_is_lost_records_on_when_it_is_back(stack: Stack) -> None:
    stack.start(**SOON)
    stack.recording()
    stack.stop()
    is_lost(stack)
    stack.restart(**SOON)
    wait_part(stack, 2)
    stack.bot.stop()
    stack.restart(**SOON)
    one_goes_on(stack, parts=2)


def test_a_start_whose_answer_is_lost_leaves_one_recorder_which_is_known(stack: Stack) -> None:
    stack.start(**SOON)
    stack.recording()
    stack.agora.fault("start", lost="answer", times=4)
    is_lost(stack)
    stack.wait_alert(*LOST)
    wait_part(stack, 2)
    stack.wait_agora(lambda agora: len(agora.running()) == 1)
    stack.after_queries(4)
    (running,) = stack.agora.running()
    assert payload(stack.cards()[0])["sid"] == running.sid
    assert stack.alert_kinds() == [LOST]


def test_one_that_comes_back_to_life_is_ended_and_one_remains(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.move("daily", 5)
    stack.wait_alert(*LOST)
    stack.wait_agora(lambda agora: agora.recorders("daily")[0].ended_by == "stopped")
    wait_part(stack, 2)
    one_goes_on(stack, parts=2)


# with notifications


@pytest.fixture
def told(stack: Stack) -> Stack:
    """A bot that Agora notifies."""
    stack.bot.environment |= {"HTTP_PORT": str(port), "AGORA_WEBHOOK_SECRET": stack.agora.webhook_secret}
    stack.agora.notify(f"http://127.0.0.1:{port}/agora/webhook")
    return stack


def test_what_is_told_late_of_a_lost_recorder_moves_the_gap_and_not_the_recorder_that_goes_on(told: Stack) -> None:
    told.start(**SOON)
    told.recording()
    for number in (11, 41):
        told.agora.notices("daily", number, delay=12)
    first = told.agora.throw_out("daily")
    card = wait_part(told, 2)
    before = card.said
    (part,) = lost_segments(told)
    assert part["left_at"] is None
    told.slack.wait_for(lambda: lost_segments(told)[0]["left_at"], what="when it left, as Agora told")
    assert moment(lost_segments(told)[0]["left_at"]) == pytest.approx(first.ended_at, abs=0.3)
    told.agora.send("daily", 32, sid=first.sid, uid=first.uid)
    told.agora.send("daily", 12, sid=first.sid, uid=first.uid, newUid=7)
    told.agora.delivered()
    one_goes_on(told, parts=2)
    assert "is missing" in card.said
    assert states(card)[-1] == "recording", before
    assert [row["uploading_status"] for row in told.bot.rows("SELECT uploading_status FROM recordings")] == [""]


def test_a_move_that_never_ends_is_missing_from_when_agora_began_it(told: Stack) -> None:
    told.start()
    told.recording()
    told.agora.move("daily", 60)
    told.wait_alert(*LOST)
    (part,) = lost_segments(told)
    assert moment(part["found_at"]) <= moment(part["moved_at"]) < moment(part["lost_at"])
    one_goes_on_after_a_move(told)


def one_goes_on_after_a_move(stack: Stack) -> None:
    wait_part(stack, 2)
    stack.after_queries(4)
    assert stack.alert_kinds() == [LOST]
    assert payload(stack.cards()[0])["sid"] == stack.agora.recorders("daily")[-1].sid


def test_a_start_whose_answer_is_lost_is_named_by_a_notice(told: Stack) -> None:
    told.start(**SOON)
    told.recording()
    told.agora.fault("start", lost="answer")
    is_lost(told)
    wait_part(told, 2)
    one_goes_on(told, parts=2)


# the files


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> Iterator[BucketSimulator | None]:
    if "with_files" not in request.fixturenames:
        yield None
        return
    with BucketServer() as server:
        yield server.simulator


@pytest.fixture
def with_files() -> None:
    """There is a bucket."""


def files_message(stack: Stack) -> Message:
    def told_of() -> Message | None:
        return next((m for m in stack.slack.messages("daily") if event(m) == "recording_files"), None)

    found = stack.wait_for(told_of, what="the files")
    assert found is not None
    return found


@pytest.mark.usefixtures("with_files")
def test_the_files_of_both_parts_are_delivered_as_one(stack: Stack) -> None:
    stack.start(**SOON)
    card = stack.recording()
    first = stack.agora.recorder("daily")
    is_lost(stack)
    wait_part(stack, 2)
    second = stack.agora.recorder("daily")
    stack.command("stop", by="ben")
    ready = files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert "1 MP4 file" in ready.said, "a recorder that died made none"
    assert f"Without an MP4: `{first.sid}_daily.m3u8`" in ready.said
    (row,) = stack.bot.rows("SELECT delivery FROM recordings")
    delivery = json.loads(row["delivery"]) if isinstance(row["delivery"], str) else row["delivery"]
    assert [key.rsplit("/", 1)[-1].split("_")[0] for key in delivery["playlists"]] == [first.sid, second.sid]
    assert delivery["missing"] == []
    assert [kind for kind in stack.alert_kinds() if kind != LOST] == [("recording_files", "stopped")]
    pressed = stack.slack.person("ben").press(card, "get_links")
    stack.wait_for(lambda: pressed.answers, what="links")


@pytest.mark.usefixtures("with_files")
def test_a_first_part_without_any_file_is_told_and_holds_nothing_up(stack: Stack) -> None:
    stack.start(**SOON, DELIVERY_TIMEOUT_SECONDS="120")
    stack.agora.uploads("daily", "never")
    stack.agora.join("daily", 1000)
    stack.command("start daily")
    stack.wait_card("recording")
    first = stack.agora.recorder("daily")
    is_lost(stack)
    stack.wait_alert(*LOST)
    stack.agora.uploads("daily", "normal")
    wait_part(stack, 2)
    stack.command("stop", by="ben")
    ready = files_message(stack)
    assert "The recording is ready" in ready.said
    assert f"{first.sid}_daily.m3u8" in ready.said
    assert f"{first.sid}_daily_0.mp4" in ready.said
    card = stack.wait_card("ended", reason="stopped")
    assert "The files are there" in card.said
    assert f"{first.sid}_daily.m3u8" in card.said


@pytest.mark.usefixtures("with_files")
def test_where_recording_on_fails_the_files_of_the_lost_part_are_delivered(stack: Stack) -> None:
    stack.start(**SOON, DELIVERY_TIMEOUT_SECONDS="3")
    stack.recording()
    first = stack.agora.recorder("daily")
    stack.agora.fault("acquire", answer="vendor_over_load", times=None)
    is_lost(stack)
    stack.wait_alert("recording_failed", "overloaded")
    ready = files_message(stack)
    assert f"{first.sid}_daily.m3u8" in ready.said
    assert [kind for kind, _ in stack.alert_kinds()] == ["recording_failed", "recording_files"]
