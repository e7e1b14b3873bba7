"""The watcher is watched: when nobody looked, people are told."""

from __future__ import annotations

import time

from tests.system.conftest import Stack, payload

PAUSE_SECONDS = 2.5
"""Longer than three query intervals, and than the two seconds below which no pause is told."""


def test_a_bot_that_was_away_says_so_once_and_on_the_card(stack: Stack) -> None:
    stack.start()
    stack.recording("daily")
    stack.bot.kill()
    killed_at = time.monotonic()
    stack.slack.wait_for(lambda: time.monotonic() > killed_at + PAUSE_SECONDS, timeout=10)
    stack.restart()
    stack.slack.wait_for(lambda: stack.alerts(unwatched=True), timeout=20, what="a warning that nobody watched")
    stack.after_queries(3)
    told = [m for m in stack.alerts(unwatched=True) if payload(m)["reason"] == "unwatched"]
    assert len(told) == 1
    assert told[0].thread_ts == stack.cards()[-1].ts
    stack.slack.wait_for(lambda: "nobody watched this recording" in str(stack.cards()[-1].blocks), timeout=10)
    assert payload(stack.cards()[-1])["state"] == "recording"


def test_a_leader_that_renews_its_lease_seldom_is_not_taken_for_one_that_is_away(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="15")
    stack.recording("daily")
    stack.after_queries(25)
    assert stack.alerts(unwatched=True) == []


def test_a_process_that_was_killed_is_succeeded_at_once_however_long_its_lease(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="120")
    stack.recording("daily")
    stack.bot.kill()
    stack.restart(LEASE_SECONDS="120")
    stack.after_queries(3, timeout=20)
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
