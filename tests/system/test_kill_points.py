"""Interruptions at every request: no recorder without a row that wants it, and no alert twice.

Each point has a Slack channel and an Agora channel of its own, and one interruption hits all of them, because rows are
independent. "killed": SIGKILL while the request of each point is under way. "cut": the connection of each of these
requests breaks, and the process continues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.system.conftest import Stack, event, payload

SETTINGS = {"START_TIMEOUT_SECONDS": "30"}
"""A restart takes seconds, and no start may time out because of it."""
AGORA = ("users", "acquire", "start", "query")


@dataclass(frozen=True)
class Point:
    """A request under way. `carried_out`: only its response is lost; otherwise the request itself."""

    operation: str
    carried_out: bool

    @property
    def name(self) -> str:
        return f"{self.operation.replace('.', '-').lower()}-{'unanswered' if self.carried_out else 'lost'}"

    @property
    def at_slack(self) -> bool:
        return self.operation.startswith("chat.")


@dataclass(frozen=True)
class Outcome:
    """The final state in Slack and at Agora."""

    state: str
    known: bool
    """Only the recorder that the card names is running, or none if the card names none."""
    cards: int = 1
    alerts: int = 0


KILLED, CUT = "killed", "cut"
INTERRUPTIONS = pytest.mark.parametrize("interruption", [KILLED, CUT])
HANGS = 60.0


def interrupt_at(stack: Stack, point: Point, interruption: str) -> Callable[[], object]:
    """Adds a fault for the next such request. The result tells whether the request is under way."""
    if point.at_slack:
        return _interrupt_slack_at(stack, point, interruption)
    side = "answer" if point.carried_out else "request"
    fault = {"hang": side} if interruption == KILLED else {"lost": side}
    number = stack.agora.fault(point.operation, channel=point.name, **fault)  # type: ignore[arg-type]

    def reached() -> bool:
        is_hit = stack.agora.faults()[number - 1].hits > 0
        if point.operation == "start" and point.carried_out:
            return is_hit and bool(stack.agora.recorders(point.name))
        if point.operation == "stop" and point.carried_out:
            return is_hit and not stack.agora.running(point.name)
        return is_hit

    return reached


def _interrupt_slack_at(stack: Stack, point: Point, interruption: str) -> Callable[[], object]:
    where = {"channel": stack.slack.workspace.channel(point.name).id}
    if interruption == CUT:
        fault = stack.slack.faults.add(
            point.operation, drop="after" if point.carried_out else "before", times=1, where=where
        )
    elif point.carried_out:
        fault = stack.slack.faults.add(point.operation, delay_after=HANGS, times=1, where=where)
    else:
        fault = stack.slack.faults.add(point.operation, hang=True, times=1, where=where)

    def reached() -> bool:
        calls = [call for call in stack.slack.calls_of(point.operation, **where) if call.fault == fault.id]
        return any(call.processed or not point.carried_out for call in calls)

    return reached


def alert_delivered(stack: Stack, name: str) -> Callable[[], object]:
    return lambda: stack.alerts(name) and not stack.undelivered(name)


def interrupt(stack: Stack, interruption: str, reached: Sequence[Callable[[], object]]) -> None:
    stack.slack.wait_for(lambda: all(is_reached() for is_reached in reached), timeout=20, what="every point")
    if interruption == KILLED:
        stack.bot.kill()
        stack.agora.clear_faults()
        stack.slack.faults.clear()
        stack.restart(**SETTINGS)


def outcome_of(stack: Stack, name: str) -> Outcome:
    """The present state of one point."""
    cards, running = stack.cards(name), stack.agora.running(name)
    newest = payload(cards[-1]) if cards else {}
    known = [recorder.sid for recorder in running] == ([newest.get("sid")] if _is_recording(newest) else [])
    return Outcome(str(newest.get("state")), known, len(cards), len(stack.alerts(name)))


def _is_recording(newest: dict[str, object]) -> bool:
    return newest.get("state") == "recording"


def wait_outcomes(stack: Stack, expected: dict[str, Outcome], timeout: float = 30) -> None:
    """Waits for these outcomes, and checks that they last."""

    def outcomes() -> dict[str, Outcome]:
        return {name: outcome_of(stack, name) for name in expected}

    try:
        stack.slack.wait_for(lambda: outcomes() == expected, timeout=timeout)
        if any(outcome.state == "recording" for outcome in expected.values()):
            stack.after_queries(5 * len(expected))
    finally:
        assert outcomes() == expected


def rooms(stack: Stack, names: Sequence[str]) -> None:
    for name in names:
        stack.room(name)
        stack.agora.join(name, 1001)


def record(stack: Stack, names: Sequence[str]) -> None:
    rooms(stack, names)
    for name in names:
        stack.command(f"start {name}", channel=name)
    for name in names:
        stack.wait_card("recording", channel=name)


@INTERRUPTIONS
def test_a_start_that_is_interrupted_anywhere_leaves_one_known_recorder(stack: Stack, interruption: str) -> None:
    points = [Point(operation, done) for operation in ("chat.postMessage", *AGORA) for done in (False, True)]
    rooms(stack, [point.name for point in points])
    stack.start(**SETTINGS)
    reached = [interrupt_at(stack, point, interruption) for point in points]
    for point in points:
        stack.command(f"start {point.name}", channel=point.name)
    interrupt(stack, interruption, reached)
    expected = {point.name: Outcome("recording", known=True) for point in points}
    # Slack posted the card but the response was lost, so the bot cannot know and posts it again.
    expected[Point("chat.postMessage", True).name] = Outcome("recording", known=True, cards=2)
    wait_outcomes(stack, expected)


@INTERRUPTIONS
def test_a_stop_that_is_interrupted_anywhere_leaves_no_recorder(stack: Stack, interruption: str) -> None:
    points = [Point("stop", False), Point("stop", True), Point("query", False)]
    uploading = Point("query", True)
    names = [point.name for point in (*points, uploading)]
    stack.start(**SETTINGS)
    record(stack, [*names, "just-asked"])
    reached = [interrupt_at(stack, point, interruption) for point in points]
    stack.agora.fault("stop", channel=uploading.name, delay_after=1)
    for name in names:
        stack.command("stop", channel=name, by="ben")
    stack.wait_agora(lambda agora: not agora.running(uploading.name))
    # Not earlier: this must be the first query after the accepted stop.
    reached.append(interrupt_at(stack, uploading, interruption))
    stack.slack.wait_for(lambda: all(is_reached() for is_reached in reached), timeout=20, what="every point")
    stack.command("stop", channel="just-asked", by="ben")
    interrupt(stack, interruption, reached)
    wait_outcomes(stack, {name: Outcome("ended", known=True) for name in (*names, "just-asked")})
    assert {payload(stack.cards(name)[0])["reason"] for name in names} == {"stopped"}


@INTERRUPTIONS
def test_a_stop_during_an_interrupted_start_leaves_no_recorder(stack: Stack, interruption: str) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    rooms(stack, [point.name for point in points])
    stack.start(**SETTINGS)
    reached = [interrupt_at(stack, point, KILLED) for point in points]
    for point in points:
        stack.command(f"start {point.name}", channel=point.name)
    stack.slack.wait_for(lambda: all(is_reached() for is_reached in reached), timeout=20, what="every point")
    for point in points:
        stack.command("stop", channel=point.name, by="ben")
    interrupt(stack, interruption, reached)
    stack.agora.clear_faults()
    wait_outcomes(stack, {point.name: Outcome("ended", known=True) for point in points})


@INTERRUPTIONS
def test_an_alert_that_is_interrupted_anywhere_is_delivered_once(stack: Stack, interruption: str) -> None:
    points = [Point(operation, done) for operation in ("chat.postMessage", "chat.update") for done in (False, True)]
    names = [*(point.name for point in points), "told"]
    stack.bot.environment["RECORD_ON"] = "0"
    stack.start(**SETTINGS)
    record(stack, names)
    stack.agora.kill("told")
    stack.wait_alert("recording_failed", "lost", channel="told")
    for point in points[:2]:
        stack.agora.kill(point.name)
    reached = [interrupt_at(stack, point, interruption) for point in points[:2]]
    for point in points[2:]:
        stack.wait_red(point.name, channel=point.name)
        reached.append(interrupt_at(stack, point, interruption))
        stack.agora.kill(point.name)
        # The interruption must not hit the alert itself.
        reached.append(alert_delivered(stack, point.name))
    interrupt(stack, interruption, reached)
    expected = {name: Outcome("failed", known=True, alerts=1) for name in names}
    # Slack posted the alert but the response was lost: twice is better than never.
    expected[Point("chat.postMessage", True).name] = Outcome("failed", known=True, alerts=2)
    wait_outcomes(stack, expected)
    for name in names:
        assert {(event(m), payload(m)["reason"]) for m in stack.alerts(name)} == {("recording_failed", "lost")}


def test_a_recording_survives_repeated_kills(stack: Stack) -> None:
    names = ["in-the-call", "moving"]
    stack.start(**SETTINGS)
    record(stack, names)
    for _ in range(3):
        stack.agora.move("moving", 0.5)
        stack.bot.kill()
        stack.restart(**SETTINGS)
        stack.after_queries(2)
    wait_outcomes(stack, {name: Outcome("recording", known=True) for name in names})
    assert all(len(stack.agora.recorders(name)) == 1 for name in names)


def test_a_start_that_is_killed_repeatedly_leaves_one_known_recorder(stack: Stack) -> None:
    rooms(stack, ["start-unanswered"])
    stack.start(**SETTINGS)
    point = Point("start", True)
    reached = interrupt_at(stack, point, KILLED)
    stack.command(f"start {point.name}", channel=point.name)
    for _ in range(2):
        stack.slack.wait_for(reached, timeout=20, what="the start")
        stack.bot.kill()
        stack.agora.clear_faults()
        reached = interrupt_at(stack, point, KILLED)
        stack.restart(**SETTINGS)
    stack.slack.wait_for(reached, timeout=20, what="the start")
    stack.bot.kill()
    stack.agora.clear_faults()
    stack.restart(**SETTINGS)
    wait_outcomes(stack, {point.name: Outcome("recording", known=True)})
