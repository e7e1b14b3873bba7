"""A command that Slack delivers twice has an effect once."""

from __future__ import annotations

from tests.system.conftest import Stack, payload


def test_a_start_delivered_again_after_the_end_starts_nothing(stack: Stack) -> None:
    stack.start()
    first = stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    requests_before = len(stack.agora.requests("acquire"))
    repeated = first.repeat()
    assert repeated.acknowledged
    assert len(stack.cards()) == 1
    stack.command("status")
    assert len(stack.agora.requests("acquire")) == requests_before


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
