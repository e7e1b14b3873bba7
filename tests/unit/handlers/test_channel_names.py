"""The name of a Slack channel: told by the command, asked of Slack, or not known."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from handlers.directory import ChannelNames


class FakeSlack(WebClient):
    """Knows one private channel."""

    def __init__(self, answer: object) -> None:
        super().__init__(token="xoxb-test")
        self.answer = answer
        self.asked: list[str] = []

    def conversations_info(self, *, channel: str, **_: object) -> object:  # type: ignore[override]
        self.asked.append(channel)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"channel": self.answer}


def test_the_name_of_a_public_channel_comes_with_the_command() -> None:
    slack = FakeSlack({"name": "other"})

    assert ChannelNames(slack)("C1", "daily") == "daily"
    assert slack.asked == []


@pytest.mark.parametrize("told", ["privategroup", "group", ""])
def test_slack_is_asked_where_the_command_does_not_tell(told: str) -> None:
    assert ChannelNames(FakeSlack({"name": "design"}))("C1", told) == "design"


@pytest.mark.parametrize("told", ["directmessage", "mpdm-ana--ben--cho-1"])
def test_a_conversation_between_people_has_no_name(told: str) -> None:
    slack = FakeSlack({"name": "mpdm-ana--ben--cho-1"})

    assert ChannelNames(slack)("D1", told) is None
    assert slack.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        SlackApiError("no", {"ok": False, "error": "channel_not_found"}),  # type: ignore[no-untyped-call]
        SlackRequestError("no"),
        TimeoutError(),
        ConnectionResetError(),
        {"name": ""},
        {"id": "D1"},
    ],
)
def test_where_slack_does_not_tell_it_is_not_known(answer: object) -> None:
    assert ChannelNames(FakeSlack(answer))("C1", "privategroup") is None
