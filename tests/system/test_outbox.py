"""With many threads, alerts are delivered once, in order and within Slack's rate limits, also after an outage."""

from __future__ import annotations

from itertools import pairwise

from simulator.slack import Call
from tests.system.conftest import Stack, event, payload

ROOMS = [f"room{number}" for number in range(4)]
EACH = 5


def outbox(stack: Stack, channel: str) -> list[str]:
    """The recordings of the alerts in the outbox, in order."""
    query = "SELECT recording_id FROM outbox WHERE slack_channel = :channel ORDER BY id"
    return [row["recording_id"] for row in stack.bot.rows(query, channel=stack.slack.workspace.channel(channel).id)]


def posts(stack: Stack, channel: str) -> list[Call]:
    return stack.slack.calls_of("chat.postMessage", channel=stack.slack.workspace.channel(channel).id)


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
