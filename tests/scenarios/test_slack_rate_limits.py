"""The bot stays within Slack's rate limits, and alerts do not wait for cards."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.agora import Timing
from simulator.slack import Call, Message
from tests.scenarios.stack import Stack, payload

PRESSES = 20
ROOMS = [f"room{number}" for number in range(5)]
CALLS = {f"call{number}": ROOMS[number // 10] for number in range(50)}
FAILING = list(CALLS)[::5]


@pytest.fixture
def agora_options() -> dict[str, Any]:
    """A crash is shown until the next query: with 30 s, some queries would come after it."""
    return {"timing": Timing(crash_shown=60)}


def rate_limited(stack: Stack) -> list[Call]:
    """The calls that Slack answered with 429."""
    return [call for call in stack.slack.calls if call.status == 429]


def updates_of(stack: Stack, card: Message) -> list[Call]:
    return stack.slack.calls_of("chat.update", ts=card.ts)


def outdated_cards(stack: Stack) -> list[str]:
    """Recordings whose card does not show the newest version yet."""
    return [recording_id for recording_id, _ in stack.repositories.recordings.due_cards(1000)]


def test_twenty_changes_in_ten_seconds_cause_at_most_five_updates_and_the_last_is_shown(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    before = len(updates_of(stack, card))
    for number in range(PRESSES):
        stack.press(card, "extend_recording", by=("ana", "ben")[number % 2])
        stack.run_for(10 / PRESSES)
    stack.wait_for(lambda: not outdated_cards(stack), timeout=20, what="a card that shows the last change")
    updates = updates_of(stack, card)[before:]

    assert len([call for call in updates if call.at < updates[0].at + 10]) <= 5
    assert updates[-1].answer == {**(updates[-1].answer or {}), "ok": True}
    assert rate_limited(stack) == []


def test_with_fifty_active_cards_the_rate_limit_is_kept_and_alerts_go_first(stack: Stack) -> None:
    stack.start(MAX_RECORDERS="60")
    for room in ROOMS:
        stack.room(room)
    for number, (call, room) in enumerate(CALLS.items()):
        stack.agora.join(call, 1000 + number)
        stack.command(f"start {call}", channel=room)
    stack.wait_agora(lambda agora: len(agora.running()) == len(CALLS))
    for call in FAILING:
        stack.wait_agora(lambda agora, call=call: agora.recorder(call).in_channel)  # type: ignore[misc]
        stack.agora.crash(call)
    stack.wait_for(lambda: sum(len(stack.alerts(room)) for room in ROOMS) == len(FAILING), what="every alert")

    assert {kind for room in ROOMS for kind in stack.alert_kinds(room)} == {("recording_failed", "crashed")}
    assert outdated_cards(stack), "some cards are not updated yet, and no alert waited for them"
    assert rate_limited(stack) == []
    stack.wait_for(lambda: not outdated_cards(stack), what="every card")
    assert rate_limited(stack) == []
    for room in ROOMS:
        shown = {payload(card)["agora_channel"]: payload(card)["state"] for card in stack.cards(room)}
        expected = {call: "failed" if call in FAILING else "recording" for call in CALLS if CALLS[call] == room}
        assert shown == expected
