"""What Slack delivers twice changes nothing the second time."""

from __future__ import annotations

from tests.system.conftest import Stack, payload


def test_a_start_delivered_again_after_the_recording_is_over_starts_nothing(stack: Stack) -> None:
    stack.start()
    first = stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    asked = len(stack.agora.requests("acquire"))
    again = first.repeat()
    assert again.acknowledged
    assert len(stack.cards()) == 1
    stack.command("status")
    assert len(stack.agora.requests("acquire")) == asked


def test_a_stop_delivered_again_does_not_stop_the_next_recording(stack: Stack) -> None:
    stack.start()
    stack.recording("daily")
    stop = stack.command("stop", by="ben")
    stack.wait_card("ended")
    stack.command("start daily")
    stack.wait_card("recording")
    stop.repeat()
    stack.after_queries(3)
    assert payload(stack.cards()[-1])["state"] == "recording"
