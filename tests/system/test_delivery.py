"""People want the recording, not "stopped": the bot says that it is there only after it has looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from tests.system.conftest import ON_BOTH, TIMING, Stack, event, payload, words
from tests.unit.simulator.media_player import play

QUICK = {"DELIVERY_TIMEOUT_SECONDS": "3"}


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def stopped(stack: Stack, **settings: str) -> Message:
    """A call was recorded, and Ben stops it; the card."""
    stack.start(**settings)
    card = stack.recording()
    # The first file can be known from the bucket; which ones there will be, Agora names in an answer.
    stack.slack.wait_for(lambda: ".mp4" in str(stack.bot.rows("SELECT files FROM recordings")), what="Agora's names")
    stack.command("stop", by="ben")
    return card


def files_message(stack: Stack) -> Message:
    def told() -> Message | None:
        return next((m for m in stack.slack.messages("daily") if event(m) == "recording_files"), None)

    found = stack.slack.wait_for(told, timeout=20, what="the files")
    assert found is not None
    return found


def get_links(stack: Stack, where: Message, *, by: str = "ben") -> list[str]:
    """What somebody gets who presses Get the files: the URLs, seen by that person alone."""
    pressed = stack.slack.person(by).press(where, "get_links")
    (answer,) = stack.slack.wait_for(lambda: pressed.answers, timeout=10, what="an answer")
    assert answer.ephemeral_to == stack.slack.person(by).id
    elements = [element for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    return [str(element["url"]) for element in elements]


def said(message: Message, *parts: str) -> None:
    for part in parts:
        assert part in message.said, message.said


def missing(stack: Stack, **settings: str) -> Message:
    """The warning, once the card shows the same."""
    warning = stack.wait_alert("recording_warning", "not_delivered")
    card = stack.wait_card("ended", reason="stopped")
    said(card, "its files are missing")
    assert card.text.startswith("⚠️")
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert payload(warning)["state"] == "ended"
    assert not [m for m in stack.slack.messages("daily") if event(m) == "recording_files"]
    return warning


@ON_BOTH
def test_the_files_are_told_once_they_are_there_and_a_link_gives_what_was_recorded(
    stack: Stack, bucket: BucketSimulator
) -> None:
    card = stopped(stack)
    told = files_message(stack)
    card = stack.wait_card("ended", reason="stopped")
    assert told.thread_ts == card.ts
    assert not told.broadcast
    assert payload(told) == payload(card)
    said(told, "The recording is ready", "1 MP4 file", f"{bucket.bucket}/{payload(card)['slack_channel']}")
    said(card, "1 MP4 file")
    (link,) = get_links(stack, told)
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
    assert bucket.link_problem(link) is None
    with urlopen(link) as answer:  # noqa: S310 - our own bucket
        played = play(answer.read())
    tape = stack.agora.recorder("daily")
    assert played.seconds == pytest.approx(tape.seconds, abs=0.5)
    audit_events = stack.bot.rows("SELECT who, what, source, recording_id FROM acts WHERE what = 'got_links'")
    assert [dict(audit_event) for audit_event in audit_events] == [
        {
            "who": stack.slack.person("ben").id,
            "what": "got_links",
            "source": "button",
            "recording_id": payload(card)["recording_id"],
        }
    ]
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_of_sound_only_the_files_are_told_the_same_and_hold_sound_alone(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.command("start daily audio")
    stack.wait_red()
    stack.slack.wait_for(lambda: ".mp4" in str(stack.bot.rows("SELECT files FROM recordings")), what="Agora's names")
    stack.command("stop", by="ben")
    told = files_message(stack)
    said(told, "The recording is ready", "1 MP4 file")
    (link,) = get_links(stack, told)
    with urlopen(link) as answer:  # noqa: S310 - our own bucket
        played = play(answer.read())
    assert (played.video, played.audio > 0) == (0, True)
    assert all(link not in message.said for message in stack.slack.messages("daily"))


def test_whoever_left_the_channel_gets_no_link(stack: Stack) -> None:
    stopped(stack)
    told = files_message(stack)
    assert get_links(stack, told)
    stack.slack.person("ben").leave("daily")
    assert get_links(stack, told) == []
    assert len(stack.bot.rows("SELECT id FROM acts WHERE what = 'got_links'")) == 1


@pytest.mark.parametrize("guests", ["0", "1"])
def test_a_guest_who_is_in_the_channel_gets_links_only_where_guests_are_allowed(stack: Stack, guests: str) -> None:
    stopped(stack, ALLOW_GUESTS=guests)
    told = files_message(stack)
    stack.slack.person("gus").join("daily")
    stack.slack.add_person("eve", team_id="T0OTHER", channels=["daily"])

    for who in ("gus", "eve"):
        assert len(get_links(stack, told, by=who)) == int(guests)
    given = stack.bot.rows("SELECT id FROM acts WHERE what = 'got_links'")
    assert len(given) == 2 * int(guests)
    if guests == "0":
        (refusal,) = stack.slack.person("gus").ephemerals("daily")
        assert refusal.said.startswith("Only full members of this workspace may get links to recordings here;")


def test_without_the_scope_to_know_members_nobody_gets_a_link(stack: Stack) -> None:
    stopped(stack)
    told = files_message(stack)
    stack.slack.faults.add("conversations.members", error="missing_scope", times=None)
    assert get_links(stack, told) == []


def test_nothing_uploaded_is_told_with_what_should_be_there_and_where_it_was_looked_for(
    stack: Stack, bucket: BucketSimulator
) -> None:
    stack.agora.uploads("daily", "never")
    stopped(stack, **QUICK)
    warning = missing(stack)
    sid = payload(warning)["sid"]
    said(warning, "Nothing of it is in the bucket", f"{sid}_daily.m3u8", bucket.bucket, f"sid `{sid}`")


@pytest.mark.parametrize(
    ("mode", "words_of_it"),
    [
        ("partly", ("These files are missing", ".ts")),
        ("empty", ("These files hold nothing", "_daily_0.mp4")),
        ("tiny", ("These files hold nothing", "_daily_0.mp4")),
        ("no_mp4", ("These files are missing", "_daily_0.mp4", "found: no MP4, HLS only")),
    ],
)
def test_a_file_that_is_missing_or_holds_nothing_is_named(
    stack: Stack, mode: str, words_of_it: tuple[str, ...]
) -> None:
    stack.agora.uploads("daily", mode)
    stopped(stack, **QUICK)
    said(missing(stack), *words_of_it)
    assert ("get_links" in stack.cards()[-1].elements) is (mode == "partly"), "the MP4 that is there is given"


def test_with_a_bucket_that_does_not_exist_people_read_so_at_once(stack: Stack) -> None:
    stack.start(STORAGE_BUCKET="another-bucket", DELIVERY_TIMEOUT_SECONDS="600", NOTHING_STORED_SECONDS="600")
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    said(missing(stack), "NoSuchBucket", "another-bucket")


def test_with_a_key_that_was_revoked_people_read_so_at_once(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start(DELIVERY_TIMEOUT_SECONDS="600")
    stack.recording()
    bucket.revoke(bucket.settings["STORAGE_ACCESS_KEY"])
    stack.command("stop", by="ben")
    said(missing(stack), "InvalidAccessKeyId", "Agora has to use the same")


def test_a_reading_key_that_is_wrong_is_no_reason_to_doubt_the_recording(stack: Stack) -> None:
    keys = {"STORAGE_READ_ACCESS_KEY": "unknown", "STORAGE_READ_SECRET_KEY": "unknown-secret-1b2c3d4e"}
    stopped(stack, **keys)
    card = stack.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "InvalidAccessKeyId")
    assert stack.alerts() == []


def test_without_permission_to_look_it_is_stopped_and_not_verified(stack: Stack, bucket: BucketSimulator) -> None:
    bucket.deny("list")
    stopped(stack)
    card = stack.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "AccessDenied", "_daily.m3u8")
    assert stack.alerts() == []


def test_files_in_agoras_backup_are_told_and_waited_for(stack: Stack) -> None:
    stack.agora.uploads("daily", "backup")
    stopped(stack, **QUICK)
    warning = stack.wait_alert("recording_warning", "in_backup")
    said(warning, "in its own backup")
    stack.wait_card("uploading")
    stack.agora.restore("daily")
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [
        ("recording_warning", "in_backup"),
        ("recording_recovered", "in_backup"),
        ("recording_files", "stopped"),
    ]


def test_an_upload_that_takes_its_time_is_waited_for_without_a_word(stack: Stack, bucket: BucketSimulator) -> None:
    stack.agora.uploads("daily", "late", delay=4)
    stopped(stack, DELIVERY_TIMEOUT_SECONDS="60")
    stack.wait_state("uploading")
    looks = len(bucket.requests("list"))
    bucket.wait_for(lambda b: len(b.requests("list")) >= looks + 6, timeout=20)
    assert stack.bot.rows("SELECT state FROM recordings") == [{"state": "uploading"}]
    files_message(stack)
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_files_that_come_after_they_were_told_as_missing_are_told_too(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=5)
    stopped(stack, DELIVERY_TIMEOUT_SECONDS="2")
    missing(stack)
    files_message(stack)
    said(stack.wait_card("ended"), "The files are there")
    assert stack.alert_kinds() == [
        ("recording_warning", "not_delivered"),
        ("recording_recovered", "not_delivered"),
        ("recording_files", "stopped"),
    ]


def test_after_a_move_to_another_server_the_files_of_both_are_one_recording(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.move("daily", 1.0)
    stack.wait_card("interrupted")
    stack.wait_red()
    stack.command("stop", by="ben")
    told = files_message(stack)
    said(told, "2 MP4 files")
    assert ["bak0_" in link for link in get_links(stack, told)].count(True) == 1
    assert stack.alert_kinds() == [("recording_files", "stopped")]


@pytest.mark.parametrize("agora_options", [{"timing": TIMING.__class__(**{**vars(TIMING), "mp4_length": 1.5})}])
def test_several_mp4_files_are_one_recording(stack: Stack) -> None:
    stack.start()
    stack.recording()
    tape_is_long = lambda agora: agora.recorder("daily").seconds > 3.5  # noqa: E731
    stack.wait_agora(tape_is_long)
    stack.command("stop", by="ben")
    told = files_message(stack)
    said(told, "3 MP4 files")
    assert len(get_links(stack, told)) == 3


def test_a_recording_that_ended_by_itself_has_its_files_looked_for_too(stack: Stack) -> None:
    stack.start(MAX_IDLE_SECONDS="5")
    stack.recording()
    stack.agora.leave("daily")
    ended = stack.wait_alert("recording_ended", "idle")
    assert payload(ended)["state"] == "ended"
    files_message(stack)
    said(stack.wait_card("ended", reason="idle"), "The files are there")


def test_what_a_recorder_that_died_had_stored_is_told(stack: Stack) -> None:
    stack.start(FAILOVER_GRACE_SECONDS="1", RECORD_ON="0", **QUICK)
    stack.recording()
    stack.agora.kill("daily")
    stack.wait_alert("recording_failed", "lost")
    told: Any = stack.slack.wait_for(
        lambda: [kind for kind in stack.alert_kinds() if kind[0] in ("recording_files", "recording_warning")],
        timeout=20,
    )
    assert told in ([("recording_files", "lost")], [("recording_warning", "not_delivered")])


def test_a_bot_that_is_killed_while_files_come_tells_them_once(stack: Stack) -> None:
    stack.agora.uploads("daily", "late", delay=3)
    stopped(stack, DELIVERY_TIMEOUT_SECONDS="60")
    stack.wait_state("uploading")
    stack.bot.kill()
    stack.restart(DELIVERY_TIMEOUT_SECONDS="60")
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_is_away_for_a_while_is_waited_for(stack: Stack, bucket: BucketSimulator) -> None:
    stack.agora.uploads("daily", "late", delay=2)
    stopped(stack, DELIVERY_TIMEOUT_SECONDS="60")
    stack.wait_state("uploading")
    bucket.refuse("SlowDown", times=6)
    files_message(stack)
    stack.wait_card("ended", reason="stopped")
    assert stack.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_was_never_reached_is_not_waited_for_long(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start(DELIVERY_TIMEOUT_SECONDS="600")
    stack.recording()
    bucket.down()
    stack.command("stop", by="ben")
    card = stack.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "NoConnection")
    assert words(stack.command("status")).count("✅") == 1
