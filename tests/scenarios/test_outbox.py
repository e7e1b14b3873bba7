"""Delivery of alerts: once, in order, within Slack's rate limits, and by direct message if the channel is closed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from structlog.typing import EventDict

from simulator.agora import Timing
from simulator.slack import Call, Message
from tests.scenarios.stack import LOOK_SECONDS, InMemory, Stack, event, payload

ROOMS = [f"room{number}" for number in range(4)]
CALLS_OF_ROOM = {room: [f"{room}-{number}" for number in range(5)] for room in ROOMS}
FAILURES = 20
RETRY_AFTER = 30
CLOSED = ("archived", "unscoped", "removed")


@pytest.fixture
def agora_options() -> dict[str, Any]:
    """A crash is shown until the next query: with 30 s, some queries would come after it."""
    return {"timing": Timing(crash_shown=60)}


def stored_alerts(stack: Stack, channel: str) -> list[str]:
    """The recordings of this channel's alerts, in the order in which they were stored."""
    assert isinstance(stack.storage, InMemory)
    slack_channel = stack.slack.workspace.channel(channel).id
    recordings = [stored.alert.recording for stored in stack.storage.memory.outbox]
    return [recording.id for recording in recordings if recording.slack_channel == slack_channel]


def posts(stack: Stack, channel: str) -> list[Call]:
    return stack.slack.calls_of("chat.postMessage", channel=stack.slack.workspace.channel(channel).id)


def direct_messages(stack: Stack, name: str = "ana") -> list[Message]:
    return stack.slack.messages(stack.slack.workspace.direct(stack.slack.bot, stack.slack.person(name).user))


def record(stack: Stack, *names: str, channel: str) -> None:
    for name in names:
        stack.agora.join(name, 1001)
        stack.command(f"start {name}", channel=channel)
    for name in names:
        stack.wait_card("recording", channel=channel, agora=name)


def test_twenty_failures_while_slack_is_down_are_twenty_alerts_afterwards(stack: Stack) -> None:
    stack.start(RECORD_ON="0")
    for room, calls in CALLS_OF_ROOM.items():
        stack.room(room)
        record(stack, *calls, channel=room)
    stack.wait_for(lambda: all(row.first_file_at for row in stack.every_row()), what="a first file of every recording")
    stack.wait_for(lambda: not stack.repositories.recordings.due_cards(1), what="every card")
    stack.slack.down()
    for calls in CALLS_OF_ROOM.values():
        for call in calls:
            stack.agora.kill(call)
    stack.wait_for(lambda: sum(len(stored_alerts(stack, room)) for room in ROOMS) == FAILURES, what="every failure")
    # Not an alert for a failure that is repeated, nor one for a try that failed.
    stack.run_for(60)
    assert [stack.alerts(room) for room in ROOMS] == [[]] * len(ROOMS)
    assert stack.undelivered() == FAILURES
    stack.slack.up()
    stack.wait_for(lambda: sum(len(stack.alerts(room)) for room in ROOMS) == FAILURES, what="every alert")
    stack.wait_for(lambda: not stack.undelivered(), timeout=10)
    stack.run_for(60)
    for room, calls in CALLS_OF_ROOM.items():
        alerts = stack.alerts(room)
        assert [payload(alert)["recording_id"] for alert in alerts] == stored_alerts(stack, room)
        assert sorted(payload(alert)["agora_channel"] for alert in alerts) == calls
        assert {(event(alert), payload(alert)["reason"]) for alert in alerts} == {("recording_failed", "lost")}
        card_of = {payload(card)["recording_id"]: card.ts for card in stack.cards(room)}
        assert [alert.thread_ts for alert in alerts] == [card_of[payload(alert)["recording_id"]] for alert in alerts]
        times = [call.at for call in posts(stack, room)]
        assert min(later - before for before, later in pairwise(times)) > 1
        assert times[-1] - times[-len(calls)] > len(calls) - 1


def test_alerts_are_delivered_while_card_updates_are_rate_limited(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    limited = stack.slack.faults.add("chat.update", retry_after=RETRY_AFTER)
    stack.agora.crash("daily")
    stack.wait_state("failed")
    alert = stack.wait_alert("recording_failed", "crashed", timeout=LOOK_SECONDS)
    assert alert.thread_ts == card.ts
    stack.run_for(RETRY_AFTER - 2 * LOOK_SECONDS)
    assert limited.hits == 1
    assert payload(card)["state"] == "recording"
    stack.slack.faults.clear(limited)
    stack.wait_card("failed", reason="crashed", timeout=RETRY_AFTER)
    assert stack.alert_kinds() == [("recording_failed", "crashed")]


def test_nothing_is_posted_in_a_channel_before_retry_after_is_over(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.faults.add("chat.postMessage", retry_after=RETRY_AFTER, times=1)
    stack.agora.crash("daily")
    stack.wait_for(lambda: posts(stack, "daily")[-1].status == 429, what="a rate-limited alert")
    limited = posts(stack, "daily")[-1]
    stack.command("start weekly")
    # Another channel has a limit of its own.
    stack.command("start planning", channel="general")
    stack.wait_card("starting", channel="general", timeout=LOOK_SECONDS)
    stack.wait_alert("recording_failed", "crashed", timeout=RETRY_AFTER + 2)
    stack.wait_for(lambda: len(stack.cards()) == 2, timeout=10, what="a card of the next recording")
    after = [call.at - limited.at for call in posts(stack, "daily") if call.at > limited.at]
    assert min(after) >= RETRY_AFTER
    assert len(stack.alerts()) == 1


def test_an_alert_that_a_channel_rejects_goes_to_the_starter_and_is_not_retried(stack: Stack) -> None:
    stack.start()
    for room in ("archived", "unscoped"):
        stack.room(room)
    stack.slack.add_channel("removed", [stack.slack.person("ana")], private=True)
    for room in CLOSED:
        record(stack, room, channel=room)
    stack.slack.archive("archived")
    stack.slack.remove_bot("removed")
    unscoped = stack.slack.workspace.channel("unscoped").id
    stack.slack.faults.add("chat.postMessage", error="missing_scope", where={"channel": unscoped})
    for room in CLOSED:
        stack.agora.crash(room)
    stack.wait_for(lambda: len(direct_messages(stack)) == len(CLOSED), what="three direct messages")
    stack.wait_for(lambda: not stack.undelivered(), timeout=10)
    stack.run_for(60)
    messages = direct_messages(stack)
    assert sorted(payload(message)["agora_channel"] for message in messages) == sorted(CLOSED)
    for message in messages:
        assert event(message) == "recording_failed"
        assert f"<#{payload(message)['slack_channel']}>" in message.said
    for room in CLOSED:
        # The card and one attempt to deliver the alert.
        assert len(posts(stack, room)) == 2


def test_an_undeliverable_alert_is_logged_and_does_not_block_the_next(stack: Stack, log: list[EventDict]) -> None:
    stack.start()
    record(stack, "first", "second", channel="daily")
    stack.slack.archive("daily")
    stack.slack.faults.add("conversations.open", error="user_disabled")
    stack.agora.crash("first")
    stack.agora.crash("second")
    stack.wait_for(lambda: len(undeliverable(log)) == 2, what="two alerts that are given up")
    stack.wait_for(lambda: not stack.undelivered(), timeout=10)
    attempts = len(stack.slack.calls_of("conversations.open"))
    record(stack, "third", channel="general")
    stack.agora.crash("third")
    stack.wait_alert("recording_failed", "crashed", channel="general")
    assert len(stack.slack.calls_of("conversations.open")) == attempts == 2
    assert len(undeliverable(log)) == 2


def undeliverable(log: list[EventDict]) -> list[EventDict]:
    return [line for line in log if line["event"] == "alert_undeliverable"]


def test_an_alert_whose_blocks_slack_rejects_is_sent_as_plain_text(stack: Stack) -> None:
    stack.start()
    errors = {"first": "invalid_blocks", "second": "msg_blocks_too_long"}
    for room, error in errors.items():
        stack.room(room)
        record(stack, room, channel=room)
        channel = stack.slack.workspace.channel(room).id
        stack.slack.faults.add("chat.postMessage", error=error, times=1, where={"channel": channel})
        stack.agora.crash(room)
    for room in errors:
        alert = stack.wait_alert("recording_failed", "crashed", channel=room)
        assert alert.blocks == []
        assert room in alert.text
        assert alert.thread_ts == stack.cards(room)[0].ts
        assert alert.broadcast


def test_a_card_whose_blocks_slack_rejects_still_shows_the_state_as_text(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.faults.add("chat.update", error="invalid_blocks", times=1)
    stack.agora.crash("daily")
    card = stack.wait_card("failed", reason="crashed")
    assert card.blocks == []
    assert "Recording of daily stopped" in card.text


def test_a_deleted_card_is_posted_again_and_alerts_go_to_its_thread(stack: Stack) -> None:
    stack.start()
    first = stack.recording()
    stack.slack.delete_message(first)
    stack.agora.move("daily", 1)
    second = stack.wait_card("recording")
    assert second.ts != first.ts
    assert "stop_recording" in second.elements
    stack.agora.crash("daily")
    alert = stack.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts == second.ts
    assert stack.wait_card("failed") is second


def test_an_alert_whose_thread_is_gone_is_posted_in_the_channel(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.slack.faults.add("chat.postMessage", error="thread_not_found", where={"thread_ts": card.ts})
    stack.agora.crash("daily")
    alert = stack.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts is None
    assert direct_messages(stack) == []
