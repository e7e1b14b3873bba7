"""When the bot itself was away, it says so once in each channel with a running recording."""

from __future__ import annotations

from tests.scenarios.stack import Stack, payload

QUERY_INTERVAL = 30
UNWATCHED = ("recording_warning", "unwatched")


def test_a_bot_that_was_away_says_so_once_and_on_the_card(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.stop()
    stack.run_for(10 * QUERY_INTERVAL)
    stack.restart()
    alert = stack.wait_alert(*UNWATCHED)
    stack.after_queries(3)

    assert stack.alert_kinds() == [UNWATCHED]
    card = stack.cards()[-1]
    assert alert.thread_ts == card.ts
    assert "I was offline from " in card.said
    assert payload(card)["state"] == "recording"


def test_a_restart_within_three_query_intervals_alerts_nobody(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.stop()
    stack.run_for(2 * QUERY_INTERVAL)
    stack.restart()
    stack.after_queries(3)
    assert stack.alerts() == []


def test_a_leader_that_seldom_renews_its_lease_is_not_taken_for_one_that_was_away(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="600", MAX_IDLE_SECONDS="3600")
    stack.recording()
    stack.run_for(1800)
    assert stack.alerts() == []
