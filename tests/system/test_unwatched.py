"""The watcher is watched: when nobody looked, people are told."""

from __future__ import annotations

import time

from tests.system.conftest import Office, payload

PAUSE_SECONDS = 2.5
"""Longer than three query intervals, and than the two seconds below which no pause is told."""


def test_a_bot_that_was_away_says_so_once_and_on_the_card(office: Office) -> None:
    office.start()
    office.recording("daily")
    office.bot.kill()
    killed_at = time.monotonic()
    office.slack.wait_for(lambda: time.monotonic() > killed_at + PAUSE_SECONDS, timeout=10)
    office.restart()
    office.slack.wait_for(lambda: office.alerts(unwatched=True), timeout=20, what="a warning that nobody watched")
    office.after_queries(3)
    told = [m for m in office.alerts(unwatched=True) if payload(m)["reason"] == "unwatched"]
    assert len(told) == 1
    assert told[0].thread_ts == office.cards()[-1].ts
    office.slack.wait_for(lambda: "nobody watched this recording" in str(office.cards()[-1].blocks), timeout=10)
    assert payload(office.cards()[-1])["state"] == "recording"


def test_a_leader_that_renews_its_lease_seldom_is_not_taken_for_one_that_is_away(office: Office) -> None:
    office.start(LEASE_SECONDS="15")
    office.recording("daily")
    office.after_queries(25)
    assert office.alerts(unwatched=True) == []


def test_a_process_that_was_killed_is_succeeded_at_once_however_long_its_lease(office: Office) -> None:
    office.start(LEASE_SECONDS="120")
    office.recording("daily")
    office.bot.kill()
    office.restart(LEASE_SECONDS="120")
    office.after_queries(3, timeout=20)
    office.command("stop", by="ben")
    office.wait_card("ended", reason="stopped")
