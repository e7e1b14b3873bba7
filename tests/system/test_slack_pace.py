"""However much changes, Slack is asked for no more than it allows, and alerts don't wait for cards."""

from __future__ import annotations

import pytest

from simulator.slack import Call
from tests.system.conftest import Office

CHANGES = 20


def refused(office: Office) -> list[Call]:
    """What Slack refused since there was too much of it."""
    return [call for call in office.slack.calls if call.status == 429]


@pytest.mark.timeout(180)
def test_twenty_changes_in_ten_seconds_are_at_most_five_updates_of_the_card_and_the_last_is_shown(
    office: Office,
) -> None:
    office.start(MAX_DURATION_SECONDS="600")
    card = office.recording()
    before = len(office.slack.calls_of("chat.update", ts=card.ts))
    for number in range(CHANGES):
        office.slack.person(("ana", "ben")[number % 2]).press(card, "extend_recording")
    (row,) = office.bot.rows("SELECT version FROM recordings")
    office.slack.wait_for(lambda: drawn(office, row["version"]), what="a card that shows the last change")
    updates = office.slack.calls_of("chat.update", ts=card.ts)[before:]

    first = updates[0].at
    assert len([call for call in updates if call.at < first + 10]) <= 5
    assert updates[-1].answer == {**(updates[-1].answer or {}), "ok": True}
    assert refused(office) == []


def in_call(office: Office, call: str) -> None:
    office.agora.wait_for(lambda sim: sim.recorder(call).in_channel)


def drawn(office: Office, version: int) -> bool:
    (row,) = office.bot.rows("SELECT card_version FROM recordings")
    return bool(row["card_version"] >= version)


@pytest.mark.timeout(180)
def test_with_fifty_active_cards_slacks_rate_is_kept_and_alerts_go_first(office: Office) -> None:
    office.start(MAX_RECORDERS="60")
    office.record_many(50)
    failing = [f"call{number}" for number in range(0, 50, 5)]
    for call in failing:
        in_call(office, call)
        office.agora.crash(call)
    rooms = [f"room{number}" for number in range(5)]
    office.slack.wait_for(
        lambda: sum(len(office.alerts(room)) for room in rooms) == len(failing), timeout=60, what="every alert"
    )
    behind = office.bot.rows("SELECT id FROM recordings WHERE version > card_version")

    assert {kind for room in rooms for kind in office.alert_kinds(room)} == {("recording_failed", "crashed")}
    assert behind, "so many cards can't be drawn yet, and no alert waited for them"
    assert refused(office) == []
