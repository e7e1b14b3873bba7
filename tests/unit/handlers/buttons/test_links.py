"""What a person reads after a press on "Get the files"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.buttons.links import LinksButton
from messages.blocks import Message
from recordings.errors import BucketDenied, SlackBusy, SlackRefused, StorageUnavailable
from recordings.model.audit import AuditEvent
from recordings.model.delivery import DeliveryState
from tests.fakes.outboxes import MemoryAuditLog
from tests.fakes.rows import a_delivery, over
from tests.unit.recordings.test_links import Desk


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.has(over(delivery=a_delivery(812_000_000, 1_400_000_000)))
    return desk


def pressed(desk: Desk, value: str = "rec1", **facts: Any) -> Message:
    body = {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "acme"},
        "channel": {"id": "C1"},
        "user": {"id": "U2"},
        "container": {"type": "message", "channel_id": "C1"},
        "actions": [{"action_id": "get_links", "value": value}],
    }
    return LinksButton(desk.service).answer(body | facts)


def buttons(message: Message) -> list[tuple[str, str]]:
    found = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    return [(element["text"]["text"], element["url"]) for element in found]


def test_a_member_gets_a_button_for_each_file(desk: Desk) -> None:
    reply = pressed(desk)

    assert buttons(reply) == [
        ("Open file 1 (812 MB)", "https://bucket.example/folder/SID_daily_0.mp4?expires=600"),
        ("Open file 2 (1.4 GB)", "https://bucket.example/folder/SID_daily_1.mp4?expires=600"),
    ]
    assert "pass none on" in reply.text
    assert "bucket.example" not in reply.text, "a notification shows the text"


def test_one_file_needs_no_number() -> None:
    desk = Desk()
    desk.has(over(delivery=a_delivery(812_000_000)))

    assert [text for text, _ in buttons(pressed(desk))] == ["Open the recording (812 MB)"]


def test_the_channel_is_known_from_the_container_too(desk: Desk) -> None:
    assert buttons(pressed(desk, channel=None))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"user": {"id": "U9"}}, "Only members of this channel"),
        ({"channel": {"id": "C2"}}, "I don't know that recording"),
        ({"channel": None, "container": None}, "I don't know that recording"),
        ({"value": "nobody"}, "I don't know that recording"),
        ({"value": ""}, "I don't know that recording"),
    ],
)
def test_whoever_may_not_have_them_reads_why_and_gets_none(desk: Desk, facts: dict[str, Any], words: str) -> None:
    reply = pressed(desk, **facts)

    assert words in reply.text
    assert buttons(reply) == []
    assert desk.audit_events.all() == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackRefused("missing_scope", needed="channels:read"), "`channels:read` and `groups:read`"),
        (SlackBusy("ratelimited"), "Press again"),
        (SlackBusy("<!channel>"), "(&lt;!channel&gt;)"),
    ],
)
def test_where_slack_does_not_tell_who_is_a_member_the_person_reads_why(
    desk: Desk, error: SlackBusy | SlackRefused, words: str
) -> None:
    desk.slack = error
    reply = pressed(desk)

    assert words in reply.text
    assert buttons(reply) == []


@pytest.mark.parametrize(
    "delivery", [None, replace(a_delivery(), media_files=()), a_delivery(state=DeliveryState.UNVERIFIED)]
)
def test_where_there_is_nothing_to_give_it_says_so(delivery: Any) -> None:
    desk = Desk()
    desk.has(over(delivery=delivery))

    assert "The card says why" in pressed(desk).text


def test_where_no_link_can_be_made_it_says_what_is_wrong_with_a_reference(desk: Desk) -> None:
    desk.bucket.error = BucketDenied("UnusableSettings", "the secret key is missing")
    reply = pressed(desk)

    assert "`UnusableSettings`" in reply.text
    assert "`rec1`" in reply.text


def test_what_cannot_be_noted_is_not_given(desk: Desk) -> None:
    class Full(MemoryAuditLog):
        def add(self, audit_event: AuditEvent) -> None:
            raise StorageUnavailable("disk full")

    desk.service = replace(desk.service, audit_log=Full(desk.memory))

    with pytest.raises(StorageUnavailable):
        pressed(desk)
