"""The bot stays within Slack's rate limits, and alerts do not wait for cards."""

from __future__ import annotations

import pytest

from simulator.slack import Call
from tests.system.conftest import Stack

CHANGES = 20


def rate_limited(stack: Stack) -> list[Call]:
    """The calls that Slack answered with 429."""
    return [call for call in stack.slack.calls if call.status == 429]


@pytest.mark.timeout(180)
def test_twenty_changes_in_ten_seconds_cause_at_most_five_updates_and_the_last_is_shown(
    stack: Stack,
) -> None:
    stack.start(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    before = len(stack.slack.calls_of("chat.update", ts=card.ts))
    for number in range(CHANGES):
        stack.slack.person(("ana", "ben")[number % 2]).press(card, "extend_recording")
    (row,) = stack.bot.rows("SELECT version FROM recordings")
    stack.slack.wait_for(lambda: is_rendered(stack, row["version"]), what="a card that shows the last change")
    updates = stack.slack.calls_of("chat.update", ts=card.ts)[before:]

    first = updates[0].at
    assert len([call for call in updates if call.at < first + 10]) <= 5
    assert updates[-1].answer == {**(updates[-1].answer or {}), "ok": True}
    assert rate_limited(stack) == []


def wait_in_call(stack: Stack, call: str) -> None:
    stack.agora.wait_for(lambda sim: sim.recorder(call).in_channel)


def is_rendered(stack: Stack, version: int) -> bool:
    (row,) = stack.bot.rows("SELECT card_version FROM recordings")
    return bool(row["card_version"] >= version)


@pytest.mark.timeout(180)
def test_with_fifty_active_cards_the_rate_limit_is_kept_and_alerts_go_first(stack: Stack) -> None:
    stack.start(MAX_RECORDERS="60")
    stack.record_many(50)
    failing = [f"call{number}" for number in range(0, 50, 5)]
    for call in failing:
        wait_in_call(stack, call)
        stack.agora.crash(call)
    rooms = [f"room{number}" for number in range(5)]
    stack.slack.wait_for(
        lambda: sum(len(stack.alerts(room)) for room in rooms) == len(failing), timeout=60, what="every alert"
    )
    behind = stack.bot.rows("SELECT id FROM recordings WHERE version > card_version")

    assert {kind for room in rooms for kind in stack.alert_kinds(room)} == {("recording_failed", "crashed")}
    assert behind, "some cards are not updated yet, and no alert waited for them"
    assert rate_limited(stack) == []
