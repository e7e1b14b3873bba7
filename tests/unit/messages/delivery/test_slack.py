"""The Web API over real HTTP: accepted messages, refusals, and errors after which a retry makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from messages.blocks import Message, section
from messages.delivery.slack import Slack, web_client
from recordings.errors import SlackBusy, SlackError, SlackRefused
from simulator.slack import Interaction, SlackOptions, SlackServer, SlackSimulator

HELLO = Message("hello", (section("*hello*"),), {"event_type": "recording_card", "event_payload": {"state": "ended"}})


@pytest.fixture(scope="module")
def simulator() -> Iterator[SlackSimulator]:
    with SlackServer(SlackSimulator(SlackOptions(rate_limits=False, ack_seconds=0.05))) as server:
        server.simulator.seed()
        yield server.simulator


@pytest.fixture
def workspace(simulator: SlackSimulator) -> Iterator[SlackSimulator]:
    yield simulator
    simulator.faults.clear()


@pytest.fixture
def slack(workspace: SlackSimulator) -> Slack:
    return Slack(web_client(workspace.bot_token, workspace.url))


def channel(workspace: SlackSimulator, name: str = "daily") -> str:
    return workspace.workspace.channel(name).id


def refusal(slack: Slack, where: str) -> SlackError:
    with pytest.raises(SlackError) as refused:
        slack.post(where, HELLO)
    return refused.value


def test_a_post_has_text_blocks_and_metadata_and_returns_its_ts(slack: Slack, workspace: SlackSimulator) -> None:
    ts = slack.post(channel(workspace), HELLO)

    (message,) = [m for m in workspace.messages("daily") if m.ts == ts]
    assert message.text == "hello"
    assert message.blocks[0]["text"]["text"] == "*hello*"
    assert (message.event_type, message.event_payload) == ("recording_card", {"state": "ended"})


def test_a_post_can_go_to_a_thread_and_to_the_channel(slack: Slack, workspace: SlackSimulator) -> None:
    card = slack.post(channel(workspace), HELLO)
    alert = slack.post(channel(workspace), HELLO, thread_ts=card, broadcast=True)

    (message,) = workspace.messages("daily", thread_ts=card)
    assert (message.ts, message.broadcast) == (alert, True)


def test_an_update_changes_text_blocks_and_metadata(slack: Slack, workspace: SlackSimulator) -> None:
    ts = slack.post(channel(workspace), HELLO)
    changed = Message(
        "bye", (section("*bye*"),), {"event_type": "recording_card", "event_payload": {"state": "failed"}}
    )
    slack.update(channel(workspace), ts, changed)

    (message,) = [m for m in workspace.messages("daily") if m.ts == ts]
    assert (message.text, message.event_payload) == ("bye", {"state": "failed"})
    assert message.blocks[0]["text"]["text"] == "*bye*"


def test_an_update_to_plain_text_removes_the_blocks(slack: Slack, workspace: SlackSimulator) -> None:
    ts = slack.post(channel(workspace), HELLO)
    slack.update(channel(workspace), ts, Message("plain"))

    (message,) = [m for m in workspace.messages("daily") if m.ts == ts]
    assert (message.text, message.blocks) == ("plain", [])


def test_a_deleted_message_cannot_be_updated(slack: Slack, workspace: SlackSimulator) -> None:
    ts = slack.post(channel(workspace), HELLO)
    workspace.delete_message(next(m for m in workspace.messages("daily") if m.ts == ts))

    with pytest.raises(SlackRefused, match="message_not_found"):
        slack.update(channel(workspace), ts, HELLO)


def test_a_direct_message_can_be_posted(slack: Slack, workspace: SlackSimulator) -> None:
    ana = workspace.person("ana").id

    assert slack.post(slack.direct_channel(ana), HELLO)


def test_without_the_scope_to_open_a_conversation_the_user_id_is_used(slack: Slack, workspace: SlackSimulator) -> None:
    workspace.faults.add("conversations.open", error="missing_scope", extra={"needed": "im:write"})

    assert slack.direct_channel("U1") == "U1"


# errors


@pytest.mark.parametrize(
    "error",
    [
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "restricted_action",
        "account_inactive",
        "token_revoked",
        "invalid_auth",
        "invalid_blocks",
        "msg_too_long",
    ],
)
def test_an_error_that_no_retry_can_solve_is_a_refusal_with_slacks_own_code(
    slack: Slack, workspace: SlackSimulator, error: str
) -> None:
    workspace.faults.add("chat.postMessage", error=error)
    refused = refusal(slack, channel(workspace))

    assert isinstance(refused, SlackRefused)
    assert refused.error == str(refused) == error


def test_a_missing_scope_is_named(slack: Slack, workspace: SlackSimulator) -> None:
    workspace.faults.add("chat.postMessage", error="missing_scope", extra={"needed": "chat:write"})
    refused = refusal(slack, channel(workspace))

    assert isinstance(refused, SlackRefused)
    assert str(refused) == "missing_scope (needed: chat:write)"


def test_a_private_channel_without_the_bot_is_refused(slack: Slack, workspace: SlackSimulator) -> None:
    assert refusal(slack, channel(workspace, "design")).error == "channel_not_found"


BUSY: dict[str, dict[str, Any]] = {
    "429": {"retry_after": 7},
    "ratelimited": {"error": "ratelimited"},
    "internal_error": {"error": "internal_error"},
    "fatal_error": {"error": "fatal_error"},
    "service_unavailable": {"error": "service_unavailable", "status": 503},
    "500": {"status": 500},
    "503": {"status": 503},
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
}


@pytest.mark.parametrize("fault", BUSY)
def test_an_error_that_a_retry_may_solve_is_busy(slack: Slack, workspace: SlackSimulator, fault: str) -> None:
    workspace.faults.add("chat.postMessage", **BUSY[fault])
    refused = refusal(slack, channel(workspace))

    assert isinstance(refused, SlackBusy), refused
    assert refused.retry_after == BUSY[fault].get("retry_after")


def test_no_answer_in_time_is_busy(workspace: SlackSimulator) -> None:
    workspace.faults.add("chat.postMessage", delay=3)

    with pytest.raises(SlackBusy, match="no_answer"):
        Slack(web_client(workspace.bot_token, workspace.url, seconds=1)).post(channel(workspace), HELLO)


def test_an_unreachable_slack_is_busy() -> None:
    with pytest.raises(SlackBusy):
        Slack(web_client("xoxb-x", "http://127.0.0.1:9/api/", seconds=1)).post("C1", HELLO)


@pytest.mark.parametrize("fault", ["429", "500", "dropped before", "dropped after"])
def test_each_call_is_one_request(slack: Slack, workspace: SlackSimulator, fault: str) -> None:
    before = len(workspace.calls_of("chat.postMessage"))
    workspace.faults.add("chat.postMessage", **BUSY[fault])
    refusal(slack, channel(workspace))

    assert len(workspace.calls_of("chat.postMessage")) == before + 1


def test_no_error_contains_the_token(slack: Slack, workspace: SlackSimulator) -> None:
    for fault in BUSY.values():
        workspace.faults.clear()
        workspace.faults.add("chat.postMessage", **fault)
        assert workspace.bot_token not in repr(refusal(slack, channel(workspace)))


# response_url


def command(workspace: SlackSimulator) -> Interaction:
    """A command in a private channel without the bot."""
    return workspace.person("ana").command("/record", "start", channel="design")


def test_a_reply_to_a_command_is_for_the_person_alone(slack: Slack, workspace: SlackSimulator) -> None:
    typed = command(workspace)
    slack.answer(typed.response_url, HELLO)

    (answer,) = typed.responses
    assert (answer.text, answer.ephemeral_to) == ("hello", workspace.person("ana").id)
    sent = workspace.calls_of("response_url")[-1].arguments
    assert sent["replace_original"] is False, "or Slack would replace the card after a press"


def test_a_response_url_that_is_used_up_is_refused(slack: Slack, workspace: SlackSimulator) -> None:
    typed = command(workspace)
    for _ in range(5):
        slack.answer(typed.response_url, HELLO)

    with pytest.raises(SlackRefused, match="http_404"):
        slack.answer(typed.response_url, HELLO)


@pytest.mark.parametrize("fault", ["429", "500", "503", "dropped before", "dropped after"])
def test_a_response_url_that_fails_is_busy_and_not_in_the_error(
    slack: Slack, workspace: SlackSimulator, fault: str
) -> None:
    typed = command(workspace)
    workspace.faults.add("response_url", **BUSY[fault])

    with pytest.raises(SlackBusy) as refused:
        slack.answer(typed.response_url, HELLO)

    assert refused.value.retry_after == BUSY[fault].get("retry_after")
    assert typed.response_url not in repr(refused.value)
