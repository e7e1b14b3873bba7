"""Agora's notifications over HTTP: the bot knows of an end before it queries."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import pytest

from simulator.agora import AgoraSimulator
from simulator.slack import Message, SlackSimulator
from tests.system.conftest import TIMING, Stack, words

SELDOM = {"QUERY_INTERVAL_SECONDS": "60", "FAILOVER_GRACE_SECONDS": "120"}
"""What is known meanwhile was known from a notification: no query comes so soon by itself."""


@pytest.fixture
def agora_options() -> dict[str, object]:
    return {"timing": replace(TIMING, webhook_timeout=5.0)}


@pytest.fixture
def notified(stack: Stack, port: int) -> Stack:
    """A bot that Agora notifies."""
    stack.bot.environment |= {"HTTP_PORT": str(port), "AGORA_WEBHOOK_SECRET": stack.agora.webhook_secret}
    stack.agora.notify(f"http://127.0.0.1:{port}/agora/webhook")
    return stack


def recording(stack: Stack, **settings: str) -> Message:
    stack.start(**SELDOM | settings)
    card = stack.recording()
    stack.agora.wait_for(lambda sim: [d for d in sim.sent(40) if d.outcome == "answered"], timeout=20)
    return card


def test_a_call_that_everybody_left_is_ended_before_the_next_query(notified: Stack) -> None:
    recording(notified, MAX_IDLE_SECONDS="5")
    notified.agora.leave("daily")
    notified.agora.wait_for(lambda sim: sim.sent(41), timeout=20)
    notified.wait_alert("recording_ended", "idle")
    assert notified.alert_kinds() == [("recording_ended", "idle")]


@pytest.mark.bench
def test_from_an_event_at_agora_to_the_alert_it_takes_less_than_a_second(
    slack: SlackSimulator, notified: Stack, agora: AgoraSimulator
) -> None:
    notified.start(**SELDOM | {"QUERY_INTERVAL_SECONDS": "30"})
    for number in range(20):
        notified.room(f"room{number}")
        agora.join(f"call{number}", 1)
        notified.command(f"start call{number}", channel=f"room{number}")
    # What is written down: Slack takes a minute for so many edits of cards.
    stored = "SELECT id FROM recordings WHERE first_file_at IS NOT NULL"
    slack.wait_for(lambda: len(notified.bot.rows(stored)) == 20, timeout=20, what="a first file of each")
    notified.agora.delivered()
    took = []
    for number in range(20):
        begun = time.time()
        agora.throw_out(f"call{number}")
        raised = notified.wait_alert("recording_failed", "left", channel=f"room{number}")
        took.append(raised.at - begun)
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"event to alert: median {statistics.median(took):.2f} s, p95 {p95:.2f} s")  # noqa: T201 - the measurement
    assert p95 < 1
    assert words(notified.command("status", channel="room0"))
