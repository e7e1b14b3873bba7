"""What a person reads after a press on Get the recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.buttons.links import LinksButton
from messages.blocks import Message
from recordings.errors import BucketDenied, SlackBusy, SlackRefused, StorageUnavailable
from recordings.model.audit import AuditEvent
from recordings.model.delivery import DeliveryState
from tests.fakes.links import LinkStack
from tests.fakes.outboxes import MemoryAuditLog
from tests.fakes.rows import a_delivery, over
from tests.fakes.slack import MESSAGE_CONFIG
from tests.fakes.slack_requests import a_press


@pytest.fixture
def stack() -> LinkStack:
    return LinkStack(over(delivery=a_delivery(812_000_000, 1_400_000_000)))


def presses(stack: LinkStack, value: str = "rec1", **facts: Any) -> Message:
    return LinksButton(stack.service, MESSAGE_CONFIG).answer(a_press(value, **facts))


def buttons(message: Message) -> list[tuple[str, str]]:
    elements = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    return [(element["text"]["text"], element["url"]) for element in elements]


def test_a_member_gets_a_button_for_each_file(stack: LinkStack) -> None:
    reply = presses(stack)

    assert buttons(reply) == [
        ("Open part 1 (812 MB)", "https://bucket.example/folder/SID_daily_0.mp4?expires=600"),
        ("Open part 2 (1.4 GB)", "https://bucket.example/folder/SID_daily_1.mp4?expires=600"),
    ]
    assert "so don't share them" in reply.text
    assert "bucket.example" not in reply.text, "a notification shows the text"


def test_one_file_needs_no_number() -> None:
    stack = LinkStack(over(delivery=a_delivery(812_000_000)))

    assert [text for text, _ in buttons(presses(stack))] == ["Open the recording · 1 h 5 min (812 MB)"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"by": "U9"}, "Join this channel to get its recordings"),
        ({"channel": "C2"}, "I can't find that recording"),
        ({"channel": ""}, "I can't find that recording"),
        ({"value": "nobody"}, "I can't find that recording"),
        ({"value": ""}, "I can't find that recording"),
    ],
)
def test_a_person_who_may_not_have_links_reads_why(stack: LinkStack, facts: dict[str, Any], words: str) -> None:
    reply = presses(stack, **facts)

    assert words in reply.text
    assert buttons(reply) == []
    assert stack.audit_events.all() == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackRefused("missing_scope", needed="channels:read"), "`channels:read` and `groups:read`"),
        (SlackBusy("ratelimited"), "Press again"),
        (SlackBusy("<!channel>"), "(&lt;!channel&gt;)"),
    ],
)
def test_if_slack_does_not_say_who_is_a_member_the_person_reads_why(
    stack: LinkStack, error: SlackBusy | SlackRefused, words: str
) -> None:
    stack.slack_error = error
    reply = presses(stack)

    assert words in reply.text
    assert buttons(reply) == []


@pytest.mark.parametrize(
    "delivery", [None, replace(a_delivery(), media_files=()), a_delivery(state=DeliveryState.UNVERIFIED)]
)
def test_a_recording_without_files_has_no_links(delivery: Any) -> None:
    stack = LinkStack(over(delivery=delivery))

    assert "Its card says why" in presses(stack).text


def test_a_link_that_cannot_be_signed_is_reported_with_the_code_and_whom_to_ask(stack: LinkStack) -> None:
    stack.bucket.error = BucketDenied("UnusableSettings", "the secret key is missing")
    reply = presses(stack)

    assert "`UnusableSettings`" in reply.text
    assert "ask your recording admin" in reply.text


def test_links_that_cannot_be_audited_are_not_given(stack: LinkStack) -> None:
    class Full(MemoryAuditLog):
        def add(self, audit_event: AuditEvent) -> None:
            raise StorageUnavailable("disk full")

    stack.service = replace(stack.service, audit_log=Full(stack.memory))

    with pytest.raises(StorageUnavailable):
        presses(stack)
