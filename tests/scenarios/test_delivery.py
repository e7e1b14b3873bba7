"""The bot says that the files are there only after it has looked; what is missing is named."""

from __future__ import annotations

import pytest

from recordings.errors import BucketDenied, BucketUnreachable, BucketWrong
from recordings.model.audit import AuditAction
from simulator.agora import Timing
from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import Message
from tests.scenarios.conftest import a_bucket
from tests.scenarios.stack import Stack, event, payload, words


@pytest.fixture
def bucket(clock: ManualClock) -> BucketSimulator:
    return a_bucket(clock)


DELIVERY_TIMEOUT = 900


def stopped(stack: Stack, **settings: str) -> Message:
    """A call was recorded, and Ben stops it; the card."""
    stack.start(**settings)
    card = stack.recording()
    # The first file can be known from the bucket; which ones there will be, Agora names in an answer.
    stack.wait_for(lambda: ".mp4" in str(stack.row().files), what="Agora's names")
    stack.command("stop", by="ben")
    return card


def files_message(stack: Stack) -> Message:
    def posted() -> Message | None:
        return next((m for m in stack.slack.messages("daily") if event(m) == "recording_files"), None)

    found = stack.wait_for(posted, timeout=1800, what="the files")
    assert found is not None
    return found


def links_given(stack: Stack) -> int:
    return [audit_event.what for audit_event in stack.audit()].count(AuditAction.GOT_LINKS)


def check_shows(message: Message, *parts: str) -> None:
    for part in parts:
        assert part in message.said, message.said


def get_links(stack: Stack, where: Message, *, by: str = "ben") -> list[str]:
    """What somebody gets who presses Get the recording: the URLs, seen by that person alone."""
    pressed = stack.press(where, "get_links", by=by)
    (answer,) = stack.wait_for(lambda: pressed.answers, what="an answer")
    assert answer.ephemeral_to == stack.slack.person(by).id
    elements = [element for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    return [str(element["url"]) for element in elements]


def missing(stack: Stack, **settings: str) -> Message:
    """The warning, once the card shows the same."""
    warning = stack.wait_alert("recording_warning", "not_delivered", timeout=1200)
    card = stack.wait_card("ended", reason="stopped")
    check_shows(card, "saved*")
    assert card.text.startswith("⚠️")
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert payload(warning)["state"] == "ended"
    assert not [m for m in stack.slack.messages("daily") if event(m) == "recording_files"]
    return warning


def test_once_the_files_are_there_the_thread_says_so_and_gives_links(stack: Stack, bucket: BucketSimulator) -> None:
    card = stopped(stack)
    message = files_message(stack)
    card = stack.wait_card("ended", reason="stopped")
    assert message.thread_ts == card.ts
    assert not message.broadcast
    assert payload(message) == payload(card)
    check_shows(message, "daily is ready", "1 file")
    check_shows(card, "1 file")
    for place in (message, card):
        assert bucket.bucket not in place.said, "names of files and buckets are for Details"
        assert "_daily" not in place.said
    (link,) = get_links(stack, message)
    assert link.endswith("_daily_0.mp4?expires=3600")
    (audit_event,) = [audit_event for audit_event in stack.audit() if audit_event.what is AuditAction.GOT_LINKS]
    assert (audit_event.who, audit_event.recording_id) == (
        stack.slack.person("ben").id,
        payload(card)["recording_id"],
    )
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_an_audio_recording_has_its_files_as_well(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.command("start daily audio")
    stack.wait_red()
    stack.wait_for(lambda: ".mp4" in str(stack.row().files), what="Agora's names")
    stack.command("stop", by="ben")
    message = files_message(stack)
    check_shows(message, "daily is ready", "1 file")
    (link,) = get_links(stack, message)
    assert all(link not in message.said for message in stack.slack.messages("daily"))


def test_somebody_who_left_the_channel_gets_no_link(stack: Stack) -> None:
    stopped(stack)
    message = files_message(stack)
    assert get_links(stack, message)
    stack.slack.person("ben").leave("daily")
    assert get_links(stack, message) == []
    assert links_given(stack) == 1


@pytest.mark.parametrize("guests", ["0", "1"])
def test_a_guest_who_is_in_the_channel_gets_links_only_where_guests_are_allowed(stack: Stack, guests: str) -> None:
    stopped(stack, ALLOW_GUESTS=guests)
    message = files_message(stack)
    stack.slack.person("gus").join("daily")
    stack.slack.add_person("eve", team_id="T0OTHER", channels=["daily"])

    for who in ("gus", "eve"):
        assert len(get_links(stack, message, by=who)) == int(guests)
    assert links_given(stack) == 2 * int(guests)
    if guests == "0":
        (refusal,) = stack.slack.person("gus").ephemerals("daily")
        assert refusal.said.startswith("Guests can't get recordings.")


def test_while_slack_does_not_say_who_is_in_the_channel_nobody_gets_a_link(stack: Stack) -> None:
    stopped(stack)
    message = files_message(stack)
    stack.slack.faults.add("conversations.members", error="missing_scope", times=None)
    assert get_links(stack, message) == []


def test_when_nothing_is_uploaded_the_alert_says_so_and_its_details_name_what_is_missing(stack: Stack) -> None:
    stack.agora.uploads("daily", "never")
    stopped(stack)
    warning = missing(stack)
    sid = payload(warning)["sid"]
    check_shows(warning, "daily isn't saved yet", "the file hasn't arrived", "I'll keep checking for a day")
    assert sid not in warning.said
    details = stack.answer(stack.press(warning, "details"))
    assert sid in details
    assert f"{sid}_daily.m3u8" in details


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("partly", "some of its files haven't arrived"),
        ("empty", "some of its files are empty"),
        ("tiny", "some of its files are empty"),
        ("no_mp4", "some of its files haven't arrived"),
    ],
)
def test_a_file_that_is_missing_or_holds_nothing_is_a_warning(stack: Stack, mode: str, said: str) -> None:
    stack.agora.uploads("daily", mode)
    stopped(stack)
    check_shows(missing(stack), said)
    assert ("get_links" in stack.cards()[-1].elements) is (mode == "partly"), "the MP4 that is there is given"


def test_that_the_bucket_does_not_exist_is_shown_at_once(stack: Stack) -> None:
    stack.bucket.error = BucketWrong("NoSuchBucket")
    stack.start(STORAGE_BUCKET="another-bucket")
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    check_shows(missing(stack), "refuses our key or our bucket", "NoSuchBucket")


def test_that_the_key_was_revoked_is_shown_at_once(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.bucket.error = BucketWrong("InvalidAccessKeyId")
    stopped_at = stack.now
    stack.command("stop", by="ben")
    check_shows(missing(stack), "refuses our key or our bucket", "InvalidAccessKeyId")
    assert (stack.now - stopped_at).total_seconds() < DELIVERY_TIMEOUT / 2


def test_a_wrong_key_for_reading_is_no_reason_to_doubt_the_recording(stack: Stack) -> None:
    stack.bucket.error = BucketWrong("InvalidAccessKeyId")
    stopped(stack, STORAGE_READ_ACCESS_KEY="unknown", STORAGE_READ_SECRET_KEY="unknown-secret-1b2c3d4e")
    card = stack.wait_card("ended", reason="stopped")
    check_shows(card, "is done, not checked", "I can't see the files from here")
    assert stack.alerts() == []


def test_without_permission_to_look_it_is_stopped_and_not_verified(stack: Stack) -> None:
    stack.bucket.error = BucketDenied("AccessDenied")
    stopped(stack)
    card = stack.wait_card("ended", reason="stopped")
    check_shows(card, "is done, not checked", "your recording admin can")
    assert "AccessDenied" not in card.said
    assert stack.alerts() == []


def test_files_in_agoras_backup_are_a_warning_and_waited_for(stack: Stack) -> None:
    stack.agora.uploads("daily", "backup")
    stopped(stack)
    warning = stack.wait_alert("recording_warning", "in_backup")
    check_shows(warning, "Some files of daily aren't saved yet", "Agora has a copy")
    stack.wait_card("uploading")
    stack.agora.restore("daily")
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [
        ("recording_warning", "in_backup"),
        ("recording_recovered", "in_backup"),
        ("recording_files", "stopped"),
    ]
    stack.wait_for(lambda: "Resolved at" in warning.said, what="a warning that is resolved")
    assert warning.elements == {}


def test_a_slow_upload_is_waited_for_without_an_alert(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=600)
    stopped(stack)
    stack.wait_state("uploading")
    stack.run_for(400)
    assert stack.row().state == "uploading"
    files_message(stack)
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_files_that_arrive_after_the_alert_are_a_recovery(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=DELIVERY_TIMEOUT + 300)
    stopped(stack)
    warning = missing(stack)
    recovered = stack.wait_alert("recording_recovered", "not_delivered", timeout=1800)
    check_shows(stack.wait_card("ended"), "1 file")
    check_shows(recovered, "The missing files of daily arrived", "1 file")
    assert len(get_links(stack, recovered)) == 1, "no other message gives the files"
    stack.wait_for(lambda: "Resolved at" in warning.said, what="a warning that is resolved")
    stack.run_for(60)
    assert stack.alert_kinds() == [("recording_warning", "not_delivered"), ("recording_recovered", "not_delivered")]


def test_after_a_move_to_another_server_the_files_of_both_are_one_recording(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.move("daily", 45)
    stack.wait_card("interrupted")
    stack.wait_red()
    stack.command("stop", by="ben")
    message = files_message(stack)
    check_shows(message, "2 files")
    assert ["bak0_" in link for link in get_links(stack, message)].count(True) == 1
    assert stack.alert_kinds() == [("recording_files", "stopped")]


@pytest.mark.parametrize("agora_options", [{"timing": Timing(mp4_length=150)}])
def test_several_mp4_files_are_one_recording(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.wait_agora(lambda agora: agora.recorder("daily").seconds > 350)
    stack.command("stop", by="ben")
    message = files_message(stack)
    check_shows(message, "3 files")
    assert len(get_links(stack, message)) == 3


def test_the_files_of_a_recording_that_ended_by_itself_are_checked_too(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.leave("daily")
    ended = stack.wait_alert("recording_ended", "idle")
    assert payload(ended)["state"] == "ended"
    check_shows(ended, "everyone left", "The file follows in the thread")
    files = files_message(stack)
    assert "left" not in files.said
    assert not {*ended.said.splitlines()} & {*files.said.splitlines()}, "neither message repeats the other"
    check_shows(stack.wait_card("ended", reason="idle"), "1 file")


def test_the_files_of_a_lost_recorder_are_checked_too(stack: Stack) -> None:
    stack.start(RECORD_ON="0")
    stack.recording()
    stack.agora.kill("daily")
    stack.wait_alert("recording_failed", "lost")
    stack.wait_for(lambda: len(stack.alerts()) > 1, timeout=2 * DELIVERY_TIMEOUT, what="what became of the files")
    assert stack.alerts()[1].event_type in ("recording_files", "recording_warning")


def test_a_bot_that_is_killed_while_files_arrive_says_once_that_they_are_there(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=120)
    stopped(stack)
    stack.wait_state("uploading")
    stack.restart()
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_is_unreachable_for_a_while_is_waited_for(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=60)
    stopped(stack)
    stack.wait_state("uploading")
    stack.bucket.error = BucketUnreachable("SlowDown")
    stack.run_for(120)
    stack.bucket.error = None
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_was_never_reached_is_not_waited_for_long(stack: Stack) -> None:
    stack.bucket.error = BucketUnreachable("NoConnection")
    stack.start()
    stack.recording()
    stopped_at = stack.now
    stack.command("stop", by="ben")
    card = stack.wait_card("ended", reason="stopped")
    assert (stack.now - stopped_at).total_seconds() < DELIVERY_TIMEOUT / 2
    check_shows(card, "is done, not checked", "I can't see the files from here")
    assert words(stack.command("status")).count("✅") == 1
