"""The whole way from `/record start` to the end, as people see it."""

from __future__ import annotations

from tests.scenarios.stack import Stack, payload, states, words


def test_a_call_is_recorded_until_somebody_else_stops_it(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    assert "`daily`" in words(stack.command("start daily"))
    card = stack.wait_red()
    assert payload(card)["state"] == "recording"
    assert payload(card)["sid"] == stack.agora.running()[0].sid

    assert "`daily`" in words(stack.command("stop", by="ben"))
    over = stack.wait_card("ended", reason="stopped")

    assert over is card
    assert [state for state in states(over) if state not in ("stopping", "uploading")] == [
        "starting",
        "recording",
        "ended",
    ]
    assert stack.alerts() == []
    assert not stack.agora.running()


def test_a_lost_recorder_is_replaced_and_the_channel_told(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    assert payload(stack.cards()[-1])["state"] == "recording"
