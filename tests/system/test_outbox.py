"""Delivery of alerts: once, in order, within Slack's rate limits, and by direct message if the channel is closed."""

from __future__ import annotations

from itertools import pairwise

from simulator.slack import Call, Message
from tests.system.conftest import Stack, event, payload

ROOMS = [f"room{number}" for number in range(4)]
EACH = 5


def outbox(stack: Stack, channel: str) -> list[str]:
    """The recordings of the alerts in the outbox, in order."""
    query = "SELECT recording_id FROM outbox WHERE slack_channel = :channel ORDER BY id"
    return [row["recording_id"] for row in stack.bot.rows(query, channel=stack.slack.workspace.channel(channel).id)]


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
    # Slack's rate limit spreads five cards in one channel over five seconds.
    stack.start(START_TIMEOUT_SECONDS="30", RECORD_ON="0")
    for room in ROOMS:
        stack.room(room)
    names = {room: [f"{room}-{number}" for number in range(EACH)] for room in ROOMS}
    for number in range(EACH):
        for room in ROOMS:
            stack.agora.join(names[room][number], 1001)
            stack.command(f"start {names[room][number]}", channel=room)
    stack.slack.wait_for(lambda: all(len(stack.cards(room)) == EACH for room in ROOMS), timeout=30)
    stack.wait_agora(lambda agora: len([r for r in agora.running() if r.in_channel]) == len(ROOMS) * EACH)
    # The bot has seen each recorder in its call, so what follows does not count as a failed start.
    stack.after_queries(3 * len(ROOMS) * EACH)
    stack.slack.down()
    for room in ROOMS:
        for name in names[room]:
            stack.agora.kill(name)
    stack.slack.wait_for(lambda: sum(len(outbox(stack, room)) for room in ROOMS) == 20, timeout=30)
    for room in ROOMS:
        assert stack.alerts(room) == []
    stack.slack.up()
    stack.slack.wait_for(lambda: sum(len(stack.alerts(room)) for room in ROOMS) == 20, timeout=40)
    stack.slack.wait_for(lambda: not stack.undelivered(), timeout=10)
    for room in ROOMS:
        alerts = stack.alerts(room)
        assert [payload(alert)["recording_id"] for alert in alerts] == outbox(stack, room)
        assert {(event(alert), payload(alert)["reason"]) for alert in alerts} == {("recording_failed", "lost")}
        card_of = {payload(card)["recording_id"]: card.ts for card in stack.cards(room)}
        assert [alert.thread_ts for alert in alerts] == [card_of[payload(alert)["recording_id"]] for alert in alerts]
        # Latency varies, but Slack gets at most one message a second.
        times = [call.at for call in posts(stack, room)]
        assert min(later - before for before, later in pairwise(times)) > 0.7
        assert times[-1] - times[-EACH] > EACH - 1


def test_alerts_are_delivered_while_card_updates_are_rate_limited(stack: Stack) -> None:
    stack.start()
    stack.recording()
    limited = stack.slack.faults.add("chat.update", retry_after=30)
    stack.agora.crash("daily")
    alert = stack.wait_alert("recording_failed", "crashed", timeout=5)
    assert limited.hits <= 1
    assert payload(stack.cards()[0])["state"] == "recording"
    assert alert.thread_ts == stack.cards()[0].ts


def test_nothing_is_posted_in_a_channel_before_retry_after_is_over(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.faults.add("chat.postMessage", retry_after=4, times=1)
    stack.agora.crash("daily")
    stack.slack.wait_for(lambda: posts(stack, "daily")[-1].status == 429, timeout=10, what="a rate-limited alert")
    limited = posts(stack, "daily")[-1]
    stack.command("start weekly")
    # Another channel has a limit of its own.
    stack.command("start planning", channel="general")
    stack.wait_card("starting", channel="general", timeout=3)
    stack.wait_alert("recording_failed", "crashed")
    stack.slack.wait_for(lambda: len(stack.cards()) == 2, timeout=10, what="a card of the next recording")
    after = [call.at - limited.at for call in posts(stack, "daily") if call.at > limited.at]
    assert min(after) >= 4
    assert len(stack.alerts()) == 1


def test_an_alert_that_a_channel_rejects_goes_to_the_starter_and_is_not_retried(stack: Stack) -> None:
    stack.start()
    for room in ("archived", "unscoped"):
        stack.room(room)
    stack.slack.add_channel("removed", [stack.slack.person("ana")], private=True)
    for room in ("archived", "unscoped", "removed"):
        record(stack, room, channel=room)
    stack.slack.archive("archived")
    stack.slack.remove_bot("removed")
    unscoped = stack.slack.workspace.channel("unscoped").id
    stack.slack.faults.add("chat.postMessage", error="missing_scope", where={"channel": unscoped})
    for room in ("archived", "unscoped", "removed"):
        stack.agora.crash(room)
    stack.slack.wait_for(lambda: len(direct_messages(stack)) == 3, timeout=20, what="three direct messages")
    stack.slack.wait_for(lambda: not stack.undelivered(), timeout=10)
    assert {payload(message)["agora_channel"] for message in direct_messages(stack)} == {
        "archived",
        "unscoped",
        "removed",
    }
    for message in direct_messages(stack):
        assert event(message) == "recording_failed"
        assert f"<#{payload(message)['slack_channel']}>" in message.said
    for room in ("archived", "unscoped", "removed"):
        # The card and one try of the alert.
        assert len(posts(stack, room)) == 2


def test_an_undeliverable_alert_is_logged_and_does_not_block_the_next(stack: Stack) -> None:
    stack.start()
    record(stack, "first", "second", channel="daily")
    stack.slack.archive("daily")
    stack.slack.faults.add("conversations.open", error="user_disabled")
    stack.agora.crash("first")
    stack.agora.crash("second")
    stack.slack.wait_for(lambda: stack.bot.log.count('"alert_undeliverable"') == 2, timeout=20)
    stack.slack.wait_for(lambda: not stack.undelivered(), timeout=10)
    attempts = len(stack.slack.calls_of("conversations.open"))
    record(stack, "third", channel="general")
    stack.agora.crash("third")
    stack.wait_alert("recording_failed", "crashed", channel="general")
    assert len(stack.slack.calls_of("conversations.open")) == attempts == 2


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
    assert "Failed" in card.text


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
