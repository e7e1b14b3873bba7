"""A whole scenario on each kind of database: the store in memory, which the others use, behaves like these."""

from __future__ import annotations

from tests.scenarios.stack import Stack, payload, states


def test_a_call_is_recorded_lost_resumed_and_stopped_on_a_real_database(stack_on_sql: Stack) -> None:
    stack = stack_on_sql.start()
    stack.recording()
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    stack.stop()
    stack.start()
    stack.command("stop", by="ben")
    card = stack.wait_card("ended", reason="stopped")

    assert states(card)[:3] == ["starting", "recording", "interrupted"]
    assert payload(card)["sid"] == stack.row().sid
    assert not stack.agora.running()
