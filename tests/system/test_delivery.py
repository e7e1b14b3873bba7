"""People want the recording, not "stopped": the bot says that it is there only after it has looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from tests.system.conftest import ON_BOTH, TIMING, Office, event, payload, words
from tests.unit.simulator.media_player import play

QUICK = {"DELIVERY_TIMEOUT_SECONDS": "3"}


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def stopped(office: Office, **settings: str) -> Message:
    """A call was recorded, and Ben stops it; the card."""
    office.start(**settings)
    card = office.recording()
    # The first file can be known from the bucket; which ones there will be, Agora names in an answer.
    office.slack.wait_for(lambda: ".mp4" in str(office.bot.rows("SELECT files FROM recordings")), what="Agora's names")
    office.command("stop", by="ben")
    return card


def files_message(office: Office) -> Message:
    def told() -> Message | None:
        return next((m for m in office.slack.messages("daily") if event(m) == "recording_files"), None)

    found = office.slack.wait_for(told, timeout=20, what="the files")
    assert found is not None
    return found


def get_links(office: Office, where: Message, *, by: str = "ben") -> list[str]:
    """What somebody gets who presses Get the files: the URLs, seen by that person alone."""
    pressed = office.slack.person(by).press(where, "get_links")
    (answer,) = office.slack.wait_for(lambda: pressed.answers, timeout=10, what="an answer")
    assert answer.ephemeral_to == office.slack.person(by).id
    elements = [element for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    return [str(element["url"]) for element in elements]


def said(message: Message, *parts: str) -> None:
    for part in parts:
        assert part in message.said, message.said


def missing(office: Office, **settings: str) -> Message:
    """The warning, once the card shows the same."""
    warning = office.wait_alert("recording_warning", "not_delivered")
    card = office.wait_card("ended", reason="stopped")
    said(card, "its files are missing")
    assert card.text.startswith("⚠️")
    assert warning.thread_ts == card.ts
    assert warning.broadcast
    assert payload(warning)["state"] == "ended"
    assert not [m for m in office.slack.messages("daily") if event(m) == "recording_files"]
    return warning


@ON_BOTH
def test_the_files_are_told_once_they_are_there_and_a_link_gives_what_was_recorded(
    office: Office, bucket: BucketSimulator
) -> None:
    card = stopped(office)
    told = files_message(office)
    card = office.wait_card("ended", reason="stopped")
    assert told.thread_ts == card.ts
    assert not told.broadcast
    assert payload(told) == payload(card)
    said(told, "The recording is ready", "1 MP4 file", f"{bucket.bucket}/{payload(card)['slack_channel']}")
    said(card, "1 MP4 file")
    (link,) = get_links(office, told)
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
    assert bucket.link_problem(link) is None
    with urlopen(link) as answer:  # noqa: S310 - our own bucket
        played = play(answer.read())
    tape = office.agora.recorder("daily")
    assert played.seconds == pytest.approx(tape.seconds, abs=0.5)
    audit_events = office.bot.rows("SELECT who, what, source, recording_id FROM acts WHERE what = 'got_links'")
    assert [dict(audit_event) for audit_event in audit_events] == [
        {
            "who": office.slack.person("ben").id,
            "what": "got_links",
            "source": "button",
            "recording_id": payload(card)["recording_id"],
        }
    ]
    assert office.alert_kinds() == [("recording_files", "stopped")]


def test_of_sound_only_the_files_are_told_the_same_and_hold_sound_alone(
    office: Office, bucket: BucketSimulator
) -> None:
    office.start()
    office.agora.join("daily", 1000)
    office.command("start daily audio")
    office.wait_red()
    office.slack.wait_for(lambda: ".mp4" in str(office.bot.rows("SELECT files FROM recordings")), what="Agora's names")
    office.command("stop", by="ben")
    told = files_message(office)
    said(told, "The recording is ready", "1 MP4 file")
    (link,) = get_links(office, told)
    with urlopen(link) as answer:  # noqa: S310 - our own bucket
        played = play(answer.read())
    assert (played.video, played.audio > 0) == (0, True)
    assert all(link not in message.said for message in office.slack.messages("daily"))


def test_whoever_left_the_channel_gets_no_link(office: Office) -> None:
    stopped(office)
    told = files_message(office)
    assert get_links(office, told)
    office.slack.person("ben").leave("daily")
    assert get_links(office, told) == []
    assert len(office.bot.rows("SELECT id FROM acts WHERE what = 'got_links'")) == 1


@pytest.mark.parametrize("guests", ["0", "1"])
def test_a_guest_who_is_in_the_channel_gets_links_only_where_guests_are_allowed(office: Office, guests: str) -> None:
    stopped(office, ALLOW_GUESTS=guests)
    told = files_message(office)
    office.slack.person("gus").join("daily")
    office.slack.add_person("eve", team_id="T0OTHER", channels=["daily"])

    for who in ("gus", "eve"):
        assert len(get_links(office, told, by=who)) == int(guests)
    given = office.bot.rows("SELECT id FROM acts WHERE what = 'got_links'")
    assert len(given) == 2 * int(guests)
    if guests == "0":
        (refusal,) = office.slack.person("gus").ephemerals("daily")
        assert refusal.said.startswith("Only full members of this workspace may get links to recordings here;")


def test_without_the_scope_to_know_members_nobody_gets_a_link(office: Office) -> None:
    stopped(office)
    told = files_message(office)
    office.slack.faults.add("conversations.members", error="missing_scope", times=None)
    assert get_links(office, told) == []


def test_nothing_uploaded_is_told_with_what_should_be_there_and_where_it_was_looked_for(
    office: Office, bucket: BucketSimulator
) -> None:
    office.agora.uploads("daily", "never")
    stopped(office, **QUICK)
    warning = missing(office)
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
    office: Office, mode: str, words_of_it: tuple[str, ...]
) -> None:
    office.agora.uploads("daily", mode)
    stopped(office, **QUICK)
    said(missing(office), *words_of_it)
    assert ("get_links" in office.cards()[-1].elements) is (mode == "partly"), "the MP4 that is there is given"


def test_with_a_bucket_that_does_not_exist_people_read_so_at_once(office: Office) -> None:
    office.start(STORAGE_BUCKET="another-bucket", DELIVERY_TIMEOUT_SECONDS="600", NOTHING_STORED_SECONDS="600")
    office.agora.join("daily", 1001)
    office.command("start daily")
    office.wait_card("recording")
    office.command("stop", by="ben")
    said(missing(office), "NoSuchBucket", "another-bucket")


def test_with_a_key_that_was_revoked_people_read_so_at_once(office: Office, bucket: BucketSimulator) -> None:
    office.start(DELIVERY_TIMEOUT_SECONDS="600")
    office.recording()
    bucket.revoke(bucket.settings["STORAGE_ACCESS_KEY"])
    office.command("stop", by="ben")
    said(missing(office), "InvalidAccessKeyId", "Agora has to use the same")


def test_a_reading_key_that_is_wrong_is_no_reason_to_doubt_the_recording(office: Office) -> None:
    keys = {"STORAGE_READ_ACCESS_KEY": "unknown", "STORAGE_READ_SECRET_KEY": "unknown-secret-1b2c3d4e"}
    stopped(office, **keys)
    card = office.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "InvalidAccessKeyId")
    assert office.alerts() == []


def test_without_permission_to_look_it_is_stopped_and_not_verified(office: Office, bucket: BucketSimulator) -> None:
    bucket.deny("list")
    stopped(office)
    card = office.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "AccessDenied", "_daily.m3u8")
    assert office.alerts() == []


def test_files_in_agoras_backup_are_told_and_waited_for(office: Office) -> None:
    office.agora.uploads("daily", "backup")
    stopped(office, **QUICK)
    warning = office.wait_alert("recording_warning", "in_backup")
    said(warning, "in its own backup")
    office.wait_card("uploading")
    office.agora.restore("daily")
    files_message(office)
    office.wait_card("ended", reason="stopped")
    assert office.alert_kinds() == [
        ("recording_warning", "in_backup"),
        ("recording_recovered", "in_backup"),
        ("recording_files", "stopped"),
    ]


def test_an_upload_that_takes_its_time_is_waited_for_without_a_word(office: Office, bucket: BucketSimulator) -> None:
    office.agora.uploads("daily", "late", delay=4)
    stopped(office, DELIVERY_TIMEOUT_SECONDS="60")
    office.wait_state("uploading")
    looks = len(bucket.requests("list"))
    bucket.wait_for(lambda b: len(b.requests("list")) >= looks + 6, timeout=20)
    assert office.bot.rows("SELECT state FROM recordings") == [{"state": "uploading"}]
    files_message(office)
    assert office.alert_kinds() == [("recording_files", "stopped")]


def test_files_that_come_after_they_were_told_as_missing_are_told_too(office: Office) -> None:
    office.agora.uploads("daily", "late", delay=5)
    stopped(office, DELIVERY_TIMEOUT_SECONDS="2")
    missing(office)
    files_message(office)
    said(office.wait_card("ended"), "The files are there")
    assert office.alert_kinds() == [
        ("recording_warning", "not_delivered"),
        ("recording_recovered", "not_delivered"),
        ("recording_files", "stopped"),
    ]


def test_after_a_move_to_another_server_the_files_of_both_are_one_recording(office: Office) -> None:
    office.start()
    office.recording()
    office.agora.move("daily", 1.0)
    office.wait_card("interrupted")
    office.wait_red()
    office.command("stop", by="ben")
    told = files_message(office)
    said(told, "2 MP4 files")
    assert ["bak0_" in link for link in get_links(office, told)].count(True) == 1
    assert office.alert_kinds() == [("recording_files", "stopped")]


@pytest.mark.parametrize("agora_options", [{"timing": TIMING.__class__(**{**vars(TIMING), "mp4_length": 1.5})}])
def test_several_mp4_files_are_one_recording(office: Office) -> None:
    office.start()
    office.recording()
    tape_is_long = lambda agora: agora.recorder("daily").seconds > 3.5  # noqa: E731
    office.wait_agora(tape_is_long)
    office.command("stop", by="ben")
    told = files_message(office)
    said(told, "3 MP4 files")
    assert len(get_links(office, told)) == 3


def test_a_recording_that_ended_by_itself_has_its_files_looked_for_too(office: Office) -> None:
    office.start(MAX_IDLE_SECONDS="5")
    office.recording()
    office.agora.leave("daily")
    ended = office.wait_alert("recording_ended", "idle")
    assert payload(ended)["state"] == "ended"
    files_message(office)
    said(office.wait_card("ended", reason="idle"), "The files are there")


def test_what_a_recorder_that_died_had_stored_is_told(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="1", RECORD_ON="0", **QUICK)
    office.recording()
    office.agora.kill("daily")
    office.wait_alert("recording_failed", "lost")
    told: Any = office.slack.wait_for(
        lambda: [kind for kind in office.alert_kinds() if kind[0] in ("recording_files", "recording_warning")],
        timeout=20,
    )
    assert told in ([("recording_files", "lost")], [("recording_warning", "not_delivered")])


def test_a_bot_that_is_killed_while_files_come_tells_them_once(office: Office) -> None:
    office.agora.uploads("daily", "late", delay=3)
    stopped(office, DELIVERY_TIMEOUT_SECONDS="60")
    office.wait_state("uploading")
    office.bot.kill()
    office.restart(DELIVERY_TIMEOUT_SECONDS="60")
    files_message(office)
    office.wait_card("ended", reason="stopped")
    assert office.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_is_away_for_a_while_is_waited_for(office: Office, bucket: BucketSimulator) -> None:
    office.agora.uploads("daily", "late", delay=2)
    stopped(office, DELIVERY_TIMEOUT_SECONDS="60")
    office.wait_state("uploading")
    bucket.refuse("SlowDown", times=6)
    files_message(office)
    office.wait_card("ended", reason="stopped")
    assert office.alert_kinds() == [("recording_files", "stopped")]


def test_a_storage_that_was_never_reached_is_not_waited_for_long(office: Office, bucket: BucketSimulator) -> None:
    office.start(DELIVERY_TIMEOUT_SECONDS="600")
    office.recording()
    bucket.down()
    office.command("stop", by="ben")
    card = office.wait_card("ended", reason="stopped")
    said(card, "Stopped; not verified", "NoConnection")
    assert words(office.command("status")).count("✅") == 1
