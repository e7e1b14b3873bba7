"""After the bot was away, it warns people that nobody watched their recordings."""

from __future__ import annotations

import time

from tests.system.conftest import Stack, payload

PAUSE_SECONDS = 2.5
"""Longer than three query intervals, and than the two seconds below which a pause causes no warning."""


def test_after_a_pause_there_is_one_warning_and_a_line_on_the_card(stack: Stack) -> None:
    stack.start()
    stack.recording("daily")
    stack.bot.kill()
    killed_at = time.monotonic()
    stack.slack.wait_for(lambda: time.monotonic() > killed_at + PAUSE_SECONDS, timeout=10)
    stack.restart()
    stack.slack.wait_for(lambda: stack.alerts(unwatched=True), timeout=20, what="a warning that nobody watched")
    stack.after_queries(3)
    warnings = [m for m in stack.alerts(unwatched=True) if payload(m)["reason"] == "unwatched"]
    assert len(warnings) == 1
    assert warnings[0].thread_ts == stack.cards()[-1].ts
    stack.slack.wait_for(lambda: "nobody watched this recording" in str(stack.cards()[-1].blocks), timeout=10)
    assert payload(stack.cards()[-1])["state"] == "recording"


def test_a_long_lease_causes_no_warning(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="15")
    stack.recording("daily")
    stack.after_queries(25)
    assert stack.alerts(unwatched=True) == []


def test_after_a_kill_the_next_process_takes_over_at_once_despite_a_long_lease(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="120")
    stack.recording("daily")
    stack.bot.kill()
    stack.restart(LEASE_SECONDS="120")
    stack.after_queries(3, timeout=20)
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
