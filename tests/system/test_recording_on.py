"""A recorder that is lost while people are in the call: the bot records on by itself, in the same recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from tests.system.conftest import ON_BOTH, Office, event, payload, states, words
from tests.system.test_points_of_death import DEATHS, End, Point, die, hit, record, wait_ends

INTERVAL, GRACE = 0.4, 3.0
SOON = {"FAILOVER_GRACE_SECONDS": "1"}
"""For what happens after the loss, or several times."""
LOST = ("recording_warning", "lost")


def is_lost(office: Office, name: str = "daily") -> float:
    """The recorder of this call dies without a word, and people stay; when that was."""
    office.agora.kill(name)
    return float(office.agora.recorders(name)[-1].ended_at or 0)


def wait_part(office: Office, number: int, name: str = "daily", channel: str = "daily") -> Message:
    """The card, once it shows that this part is recorded and has a file."""

    def shows() -> Message | None:
        cards = [card for card in office.cards(channel, name) if f"Part {number} since" in card.said]
        return next((card for card in cards if card.text.startswith("🔴")), None)

    found = office.slack.wait_for(shows, timeout=20, what=f"part {number} of {name}")
    assert found is not None
    return found


def lost_segments(office: Office) -> list[dict[str, Any]]:
    (row,) = office.bot.rows("SELECT lost_parts FROM recordings")
    parts = row["lost_parts"]
    found: list[dict[str, Any]] = json.loads(parts) if isinstance(parts, str) else parts
    return found


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def one_goes_on(office: Office, parts: int) -> None:
    """As many recorders as parts were started, the last one runs, and nobody was alarmed more than by the losses."""
    office.after_queries(4)
    recorders = office.agora.recorders("daily")
    assert [recorder.sid for recorder in office.agora.running()] == [recorders[-1].sid]
    assert len({recorder.uid for recorder in recorders}) == len(recorders) == parts
    assert office.alert_kinds() == [LOST] * (parts - 1)
    assert len(office.cards()) == 1
    assert payload(office.cards()[0])["sid"] == recorders[-1].sid


@ON_BOTH
def test_a_lost_recorder_is_followed_in_time_by_another_one_with_one_warning_on_the_same_card(office: Office) -> None:
    office.start()
    card = office.recording()
    since = payload(card)["started_at"]
    died = is_lost(office)
    warning = office.wait_alert(*LOST)
    second = office.agora.requests("start")[1]
    assert GRACE <= second.wall - died <= INTERVAL + GRACE + 5
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert payload(warning)["state"] == "recording"
    assert payload(warning)["sid"] == office.agora.running()[0].sid
    assert "I record on" in warning.said
    assert "Part 2 since" in warning.said
    assert "is missing" in warning.said
    assert "record_again" not in warning.elements

    shown = wait_part(office, 2)
    assert (shown.ts, payload(shown)["started_at"]) == (card.ts, since)
    assert "is missing" in shown.said
    assert "failed" not in states(shown)
    assert "part 2" in words(office.command("status", by="ben"))
    one_goes_on(office, parts=2)
    audit_events = office.bot.rows("SELECT who, what, source, detail FROM acts WHERE what = 'recorded_on'")
    assert [dict(audit_event) for audit_event in audit_events] == [
        {"who": "", "what": "recorded_on", "source": "loss", "detail": "part 2"}
    ]
    assert [row["part"] for row in office.bot.rows("SELECT part FROM recorders ORDER BY created_at")] == [1, 2]

    office.command("stop", by="ben")
    over = office.wait_card("ended", reason="stopped")
    assert "Recorded in 2 parts" in over.said
    assert "is missing" in over.said
    office.wait_agora(lambda agora: not agora.running())


def test_what_is_missing_begins_with_the_last_query_that_found_it_and_ends_with_the_next_part(office: Office) -> None:
    office.start()
    office.recording()
    office.after_queries(2)
    died = is_lost(office)
    office.wait_alert(*LOST)
    found = [seen.wall for seen in office.agora.requests("query") if seen.status == 200 and seen.wall <= died + 0.1]
    (part,) = lost_segments(office)
    assert moment(part["found_at"]) == pytest.approx(found[-1], abs=0.3)
    assert died < moment(part["on_at"]) <= office.agora.requests("query")[-1].wall + 1
    start = office.agora.requests("start")[1]
    assert moment(part["on_at"]) > start.wall


def test_three_losses_are_recorded_on_and_the_fourth_is_a_failure(office: Office) -> None:
    office.start(**SOON)
    card = office.recording()
    for number in (2, 3, 4):
        is_lost(office)
        wait_part(office, number)
    one_goes_on(office, parts=4)
    is_lost(office)
    failed = office.wait_alert("recording_failed", "lost")
    assert "record_again" in failed.elements
    over = office.wait_card("failed", reason="lost")
    assert over.ts == card.ts
    assert "Recorded in 4 parts" in over.said
    assert [kind for kind in office.alert_kinds() if kind[0] != "recording_files"] == [
        *[LOST] * 3,
        ("recording_failed", "lost"),
    ]
    assert len(office.agora.recorders("daily")) == 4
    assert not office.agora.running()


@pytest.mark.parametrize("off", ["0", "no"])
def test_switched_off_a_loss_is_a_failure(office: Office, off: str) -> None:
    office.start(RECORD_ON=off)
    office.recording()
    is_lost(office)
    office.wait_alert("recording_failed", "lost")
    office.wait_card("failed", reason="lost")
    assert len(office.agora.recorders("daily")) == 1


REFUSED = {
    "overloaded": ("acquire", "vendor_over_load"),
    "unauthorized": ("acquire", "unauthorized"),
    "rejected": ("start", "invalid_parameter"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_where_recording_on_is_refused_the_failure_says_that_it_was_lost_and_why_it_did_not_go_on(
    office: Office, reason: str
) -> None:
    office.start(**SOON)
    office.recording()
    operation, answer = REFUSED[reason]
    office.agora.fault(operation, answer=answer, times=None)
    is_lost(office)
    failed = office.wait_alert("recording_failed", reason)
    assert "was lost" in failed.said
    assert "could not record on" in failed.said
    assert "Nothing has been recorded since" in failed.said
    assert "record_again" in failed.elements
    over = office.wait_card("failed", reason=reason)
    assert "could not record on" in over.said
    assert "sid" not in payload(over)
    assert office.alert_kinds() == [("recording_failed", reason)]
    assert not office.agora.running()


def test_one_that_does_not_come_up_in_the_place_of_the_lost_one_never_started(office: Office) -> None:
    office.start(**SOON, START_TIMEOUT_SECONDS="3")
    office.recording()
    office.agora.force_new("daily", 2)
    is_lost(office)
    card = office.wait_card("interrupted")
    office.slack.wait_for(lambda: "starting part 2" in card.said, what="the card says what goes on")
    failed = office.wait_alert("recording_failed", "never_started")
    assert "could not record on" in failed.said
    assert office.alert_kinds() == [("recording_failed", "never_started")]
    office.wait_agora(lambda agora: not agora.running())


def test_where_everybody_leaves_meanwhile_it_is_an_end_and_no_failure(office: Office) -> None:
    office.start(**SOON, MAX_IDLE_SECONDS="5")
    office.recording()
    is_lost(office)
    office.wait_agora(lambda agora: len(agora.requests("start")) == 2)
    office.agora.leave("daily")
    office.wait_alert("recording_ended", "idle")
    office.wait_card("ended", reason="idle")
    assert ("recording_failed", "lost") not in office.alert_kinds()


@ON_BOTH
@pytest.mark.parametrize("fault", [("acquire", {"status": 503, "body": {}}), ("start", {"lost": "request"})])
def test_a_stop_while_it_is_recorded_on_ends_it(office: Office, fault: tuple[str, dict[str, Any]]) -> None:
    office.start(**SOON, START_TIMEOUT_SECONDS="60", RETRY_BACKOFF_SECONDS="0.1,0.2,0.3,5")
    office.recording()
    operation, how = fault
    tried = len(office.agora.requests(operation))
    office.agora.fault(operation, **how, times=None)
    is_lost(office)
    office.wait_agora(lambda agora: len(agora.requests(operation)) > tried)
    assert "starting part 2" in words(office.command("status"))
    office.command("stop", by="ben")
    office.agora.clear_faults()
    over = office.wait_card("ended", reason="stopped")
    assert office.slack.person("ben").mention in over.said
    office.wait_agora(lambda agora: not agora.running())
    assert [kind for kind, _ in office.alert_kinds()] == []


def test_its_end_can_be_put_off_while_it_is_recorded_on(office: Office) -> None:
    office.start(**SOON, START_TIMEOUT_SECONDS="60", RETRY_BACKOFF_SECONDS="0.1,5,5,5")
    card = office.recording()
    office.agora.fault("acquire", status=503, body={}, times=None)
    is_lost(office)
    office.wait_agora(lambda agora: len(agora.requests("acquire")) > 1)
    office.slack.person("ben").press(card, "extend_recording")
    office.slack.wait_for(lambda: "Extended to" in card.said, timeout=10, what="the later end on the card")
    office.agora.clear_faults()
    wait_part(office, 2)
    assert office.alert_kinds() == [LOST]


@DEATHS
def test_wherever_recording_on_is_cut_off_one_recorder_is_left_and_the_loss_is_told_once(
    office: Office, death: str
) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    names = [point.name for point in points]
    office.start(START_TIMEOUT_SECONDS="30", **SOON)
    record(office, names)
    # The death comes when all of them are reached: recorders are alive until then.
    for name in names:
        office.wait_red(name, channel=name)
    reached = [hit(office, point, death) for point in points]
    for name in names:
        office.agora.kill(name)
    die(office, death, reached)
    wait_ends(office, {name: End("recording", known=True, alerts=1) for name in names})
    for name in names:
        assert office.alert_kinds(name) == [LOST]
        assert len(office.bot.rows("SELECT id FROM recordings WHERE agora_channel = :name", name=name)) == 1


def test_a_bot_that_is_away_when_the_recorder_is_lost_records_on_when_it_is_back(office: Office) -> None:
    office.start(**SOON)
    office.recording()
    office.bot.kill()
    is_lost(office)
    office.restart(**SOON)
    wait_part(office, 2)
    office.bot.stop()
    office.restart(**SOON)
    one_goes_on(office, parts=2)


def test_a_start_whose_answer_is_lost_leaves_one_recorder_which_is_known(office: Office) -> None:
    office.start(**SOON)
    office.recording()
    office.agora.fault("start", lost="answer", times=4)
    is_lost(office)
    office.wait_alert(*LOST)
    wait_part(office, 2)
    office.wait_agora(lambda agora: len(agora.running()) == 1)
    office.after_queries(4)
    (running,) = office.agora.running()
    assert payload(office.cards()[0])["sid"] == running.sid
    assert office.alert_kinds() == [LOST]


def test_one_that_comes_back_to_life_is_ended_and_one_remains(office: Office) -> None:
    office.start()
    office.recording()
    office.agora.move("daily", 5)
    office.wait_alert(*LOST)
    office.wait_agora(lambda agora: agora.recorders("daily")[0].ended_by == "stopped")
    wait_part(office, 2)
    one_goes_on(office, parts=2)


# with notifications


@pytest.fixture
def told(office: Office, port: int) -> Office:
    """A bot that Agora notifies."""
    office.bot.environment |= {"HTTP_PORT": str(port), "AGORA_WEBHOOK_SECRET": office.agora.webhook_secret}
    office.agora.notify(f"http://127.0.0.1:{port}/agora/webhook")
    return office


def test_what_is_told_late_of_a_lost_recorder_moves_the_gap_and_not_the_recorder_that_goes_on(told: Office) -> None:
    told.start(**SOON)
    told.recording()
    for number in (11, 41):
        told.agora.notices("daily", number, delay=12)
    first = told.agora.throw_out("daily")
    card = wait_part(told, 2)
    before = card.said
    (part,) = lost_segments(told)
    assert part["left_at"] is None
    told.slack.wait_for(lambda: lost_segments(told)[0]["left_at"], timeout=20, what="when it left, as Agora told")
    assert moment(lost_segments(told)[0]["left_at"]) == pytest.approx(first.ended_at, abs=0.3)
    told.agora.send("daily", 32, sid=first.sid, uid=first.uid)
    told.agora.send("daily", 12, sid=first.sid, uid=first.uid, newUid=7)
    told.agora.delivered()
    one_goes_on(told, parts=2)
    assert "is missing" in card.said
    assert states(card)[-1] == "recording", before
    assert [row["uploading_status"] for row in told.bot.rows("SELECT uploading_status FROM recordings")] == [""]


def test_a_move_that_never_ends_is_missing_from_when_agora_began_it(told: Office) -> None:
    told.start()
    told.recording()
    told.agora.move("daily", 60)
    told.wait_alert(*LOST)
    (part,) = lost_segments(told)
    assert moment(part["found_at"]) <= moment(part["moved_at"]) < moment(part["lost_at"])
    one_goes_on_after_a_move(told)


def one_goes_on_after_a_move(office: Office) -> None:
    wait_part(office, 2)
    office.after_queries(4)
    assert office.alert_kinds() == [LOST]
    assert payload(office.cards()[0])["sid"] == office.agora.recorders("daily")[-1].sid


def test_a_start_whose_answer_is_lost_is_named_by_a_notice(told: Office) -> None:
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


def files_message(office: Office) -> Message:
    def told_of() -> Message | None:
        return next((m for m in office.slack.messages("daily") if event(m) == "recording_files"), None)

    found = office.slack.wait_for(told_of, timeout=20, what="the files")
    assert found is not None
    return found


@ON_BOTH
@pytest.mark.usefixtures("with_files")
def test_the_files_of_both_parts_are_delivered_as_one(office: Office) -> None:
    office.start(**SOON)
    card = office.recording()
    first = office.agora.recorder("daily")
    is_lost(office)
    wait_part(office, 2)
    second = office.agora.recorder("daily")
    office.command("stop", by="ben")
    ready = files_message(office)
    office.wait_card("ended", reason="stopped")
    assert "1 MP4 file" in ready.said, "a recorder that died made none"
    assert f"Without an MP4: `{first.sid}_daily.m3u8`" in ready.said
    (row,) = office.bot.rows("SELECT delivery FROM recordings")
    delivery = json.loads(row["delivery"]) if isinstance(row["delivery"], str) else row["delivery"]
    assert [key.rsplit("/", 1)[-1].split("_")[0] for key in delivery["playlists"]] == [first.sid, second.sid]
    assert delivery["missing"] == []
    assert [kind for kind in office.alert_kinds() if kind != LOST] == [("recording_files", "stopped")]
    pressed = office.slack.person("ben").press(card, "get_links")
    office.slack.wait_for(lambda: pressed.answers, timeout=10, what="links")


@pytest.mark.usefixtures("with_files")
def test_a_first_part_without_any_file_is_told_and_holds_nothing_up(office: Office) -> None:
    office.start(**SOON, DELIVERY_TIMEOUT_SECONDS="120")
    office.agora.uploads("daily", "never")
    office.agora.join("daily", 1000)
    office.command("start daily")
    office.wait_card("recording")
    first = office.agora.recorder("daily")
    is_lost(office)
    office.wait_alert(*LOST)
    office.agora.uploads("daily", "normal")
    wait_part(office, 2)
    office.command("stop", by="ben")
    ready = files_message(office)
    assert "The recording is ready" in ready.said
    assert f"{first.sid}_daily.m3u8" in ready.said
    assert f"{first.sid}_daily_0.mp4" in ready.said
    card = office.wait_card("ended", reason="stopped")
    assert "The files are there" in card.said
    assert f"{first.sid}_daily.m3u8" in card.said


@pytest.mark.usefixtures("with_files")
def test_where_recording_on_fails_the_files_of_the_lost_part_are_delivered(office: Office) -> None:
    office.start(**SOON, DELIVERY_TIMEOUT_SECONDS="3")
    office.recording()
    first = office.agora.recorder("daily")
    office.agora.fault("acquire", answer="vendor_over_load", times=None)
    is_lost(office)
    office.wait_alert("recording_failed", "overloaded")
    ready = files_message(office)
    assert f"{first.sid}_daily.m3u8" in ready.said
    assert [kind for kind, _ in office.alert_kinds()] == ["recording_failed", "recording_files"]
