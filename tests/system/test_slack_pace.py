"""However much changes, Slack is asked for no more than it allows, and alerts don't wait for cards."""

from __future__ import annotations

import pytest

from simulator.slack import Call
from tests.system.conftest import Stack

CHANGES = 20


def refused(stack: Stack) -> list[Call]:
    """What Slack refused since there was too much of it."""
    return [call for call in stack.slack.calls if call.status == 429]


@pytest.mark.timeout(180)
def test_twenty_changes_in_ten_seconds_are_at_most_five_updates_of_the_card_and_the_last_is_shown(
    stack: Stack,
) -> None:
    stack.start(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    before = len(stack.slack.calls_of("chat.update", ts=card.ts))
    for number in range(CHANGES):
        stack.slack.person(("ana", "ben")[number % 2]).press(card, "extend_recording")
    (row,) = stack.bot.rows("SELECT version FROM recordings")
    stack.slack.wait_for(lambda: drawn(stack, row["version"]), what="a card that shows the last change")
    updates = stack.slack.calls_of("chat.update", ts=card.ts)[before:]

    first = updates[0].at
    assert len([call for call in updates if call.at < first + 10]) <= 5
    assert updates[-1].answer == {**(updates[-1].answer or {}), "ok": True}
    assert refused(stack) == []


def in_call(stack: Stack, call: str) -> None:
    stack.agora.wait_for(lambda sim: sim.recorder(call).in_channel)


def drawn(stack: Stack, version: int) -> bool:
    (row,) = stack.bot.rows("SELECT card_version FROM recordings")
    return bool(row["card_version"] >= version)


@pytest.mark.timeout(180)
def test_with_fifty_active_cards_slacks_rate_is_kept_and_alerts_go_first(stack: Stack) -> None:
    stack.start(MAX_RECORDERS="60")
    stack.record_many(50)
    failing = [f"call{number}" for number in range(0, 50, 5)]
    for call in failing:
        in_call(stack, call)
        stack.agora.crash(call)
    rooms = [f"room{number}" for number in range(5)]
    stack.slack.wait_for(
        lambda: sum(len(stack.alerts(room)) for room in rooms) == len(failing), timeout=60, what="every alert"
    )
    behind = stack.bot.rows("SELECT id FROM recordings WHERE version > card_version")

    assert {kind for room in rooms for kind in stack.alert_kinds(room)} == {("recording_failed", "crashed")}
    assert behind, "so many cards can't be drawn yet, and no alert waited for them"
    assert refused(stack) == []
