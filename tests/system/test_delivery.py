"""A real download: the link in the channel gives the media that Agora recorded."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from tests.system.conftest import Stack, event, payload
from tests.unit.simulator.media_player import play


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
    def posted() -> Message | None:
        return next((m for m in stack.slack.messages("daily") if event(m) == "recording_files"), None)

    found = stack.slack.wait_for(posted, timeout=20, what="the files")
    assert found is not None
    return found


def get_links(stack: Stack, where: Message, *, by: str = "ben") -> list[str]:
    """What somebody gets who presses Get the recording: the URLs, seen by that person alone."""
    pressed = stack.slack.person(by).press(where, "get_links")
    (answer,) = stack.slack.wait_for(lambda: pressed.answers, timeout=10, what="an answer")
    assert answer.ephemeral_to == stack.slack.person(by).id
    elements = [element for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    return [str(element["url"]) for element in elements]


def shows(message: Message, *parts: str) -> None:
    for part in parts:
        assert part in message.said, message.said


def test_a_link_gives_what_was_recorded(stack: Stack, bucket: BucketSimulator) -> None:
    card = stopped(stack)
    message = files_message(stack)
    card = stack.wait_card("ended", reason="stopped")
    assert message.thread_ts == card.ts
    assert not message.broadcast
    assert payload(message) == payload(card)
    shows(message, "daily is ready", "1 file")
    shows(card, "1 file")
    (link,) = get_links(stack, message)
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


def test_the_file_of_an_audio_recording_has_sound_alone(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.command("start daily audio")
    stack.wait_red()
    stack.slack.wait_for(lambda: ".mp4" in str(stack.bot.rows("SELECT files FROM recordings")), what="Agora's names")
    stack.command("stop", by="ben")
    message = files_message(stack)
    shows(message, "daily is ready", "1 file")
    (link,) = get_links(stack, message)
    with urlopen(link) as answer:  # noqa: S310 - our own bucket
        played = play(answer.read())
    assert (played.video, played.audio > 0) == (0, True)
    assert all(link not in message.said for message in stack.slack.messages("daily"))
