"""Wherever the process dies, and whichever answer is lost: nothing runs that no row wants, and nothing is told twice.

Each point has a Slack channel and an Agora channel of its own, and all of them are hit by the same death: rows don't
know of each other. Killed: `kill -9` while the request of each point is under way. Cut: the connection of each of
those requests breaks, and the process lives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.system.conftest import Stack, event, payload

SETTINGS = {"START_TIMEOUT_SECONDS": "30"}
"""A death costs seconds: what was asked for must not be too old after it."""
AGORA = ("users", "acquire", "start", "query")


@dataclass(frozen=True)
class Point:
    """A request under way. `carried_out`: it was, and only its answer is lost."""

    operation: str
    carried_out: bool

    @property
    def name(self) -> str:
        return f"{self.operation.replace('.', '-').lower()}-{'unanswered' if self.carried_out else 'lost'}"

    @property
    def at_slack(self) -> bool:
        return self.operation.startswith("chat.")


@dataclass(frozen=True)
class End:
    """What Slack and Agora hold in the end."""

    state: str
    known: bool
    """As many recorders run as the card says, and the one it names."""
    cards: int = 1
    alerts: int = 0


KILLED, CUT = "killed", "cut"
DEATHS = pytest.mark.parametrize("death", [KILLED, CUT])
HANGS = 60.0


def hit(stack: Stack, point: Point, death: str) -> Callable[[], object]:
    """Lays the fault for the next such request; the answer says when it is under way."""
    if point.at_slack:
        return _hit_slack(stack, point, death)
    side = "answer" if point.carried_out else "request"
    how = {"hang": side} if death == KILLED else {"lost": side}
    number = stack.agora.fault(point.operation, channel=point.name, **how)  # type: ignore[arg-type]

    def reached() -> bool:
        met = stack.agora.faults()[number - 1].hits > 0
        if point.operation == "start" and point.carried_out:
            return met and bool(stack.agora.recorders(point.name))
        if point.operation == "stop" and point.carried_out:
            return met and not stack.agora.running(point.name)
        return met

    return reached


def _hit_slack(stack: Stack, point: Point, death: str) -> Callable[[], object]:
    where = {"channel": stack.slack.workspace.channel(point.name).id}
    if death == CUT:
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


def told(stack: Stack, name: str) -> Callable[[], object]:
    return lambda: stack.alerts(name) and not stack.undelivered(name)


def die(stack: Stack, death: str, reached: Sequence[Callable[[], object]]) -> None:
    stack.slack.wait_for(lambda: all(each() for each in reached), timeout=20, what="every point")
    if death == KILLED:
        stack.bot.kill()
        stack.agora.clear_faults()
        stack.slack.faults.clear()
        stack.restart(**SETTINGS)


def end_of(stack: Stack, name: str) -> End:
    """As it is now, in one place."""
    cards, running = stack.cards(name), stack.agora.running(name)
    newest = payload(cards[-1]) if cards else {}
    known = [recorder.sid for recorder in running] == ([newest.get("sid")] if _up(newest) else [])
    return End(str(newest.get("state")), known, len(cards), len(stack.alerts(name)))


def _up(newest: dict[str, object]) -> bool:
    return newest.get("state") == "recording"


def wait_ends(stack: Stack, expected: dict[str, End], timeout: float = 30) -> None:
    """Until everything is as it should be; and it stays so."""

    def ends() -> dict[str, End]:
        return {name: end_of(stack, name) for name in expected}

    try:
        stack.slack.wait_for(lambda: ends() == expected, timeout=timeout)
        if any(end.state == "recording" for end in expected.values()):
            stack.after_queries(5 * len(expected))
    finally:
        assert ends() == expected


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


@DEATHS
def test_a_start_that_is_cut_off_anywhere_leaves_one_recorder_which_is_known(stack: Stack, death: str) -> None:
    points = [Point(operation, done) for operation in ("chat.postMessage", *AGORA) for done in (False, True)]
    rooms(stack, [point.name for point in points])
    stack.start(**SETTINGS)
    reached = [hit(stack, point, death) for point in points]
    for point in points:
        stack.command(f"start {point.name}", channel=point.name)
    die(stack, death, reached)
    expected = {point.name: End("recording", known=True) for point in points}
    # Slack took the card and its answer was lost: nobody can know, so it is posted once more.
    expected[Point("chat.postMessage", True).name] = End("recording", known=True, cards=2)
    wait_ends(stack, expected)


@DEATHS
def test_a_stop_that_is_cut_off_anywhere_leaves_no_recorder(stack: Stack, death: str) -> None:
    points = [Point("stop", False), Point("stop", True), Point("query", False)]
    uploading = Point("query", True)
    names = [point.name for point in (*points, uploading)]
    stack.start(**SETTINGS)
    record(stack, [*names, "just-asked"])
    reached = [hit(stack, point, death) for point in points]
    stack.agora.fault("stop", channel=uploading.name, delay_after=1)
    for name in names:
        stack.command("stop", channel=name, by="ben")
    stack.wait_agora(lambda agora: not agora.running(uploading.name))
    # Only now: the next query is the first one after the stop was accepted.
    reached.append(hit(stack, uploading, death))
    stack.slack.wait_for(lambda: all(each() for each in reached), timeout=20, what="every point")
    stack.command("stop", channel="just-asked", by="ben")
    die(stack, death, reached)
    wait_ends(stack, {name: End("ended", known=True) for name in (*names, "just-asked")})
    assert {payload(stack.cards(name)[0])["reason"] for name in names} == {"stopped"}


@DEATHS
def test_a_start_that_is_stopped_while_it_is_cut_off_leaves_no_recorder(stack: Stack, death: str) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    rooms(stack, [point.name for point in points])
    stack.start(**SETTINGS)
    reached = [hit(stack, point, KILLED) for point in points]
    for point in points:
        stack.command(f"start {point.name}", channel=point.name)
    stack.slack.wait_for(lambda: all(each() for each in reached), timeout=20, what="every point")
    for point in points:
        stack.command("stop", channel=point.name, by="ben")
    die(stack, death, reached)
    stack.agora.clear_faults()
    wait_ends(stack, {point.name: End("ended", known=True) for point in points})


@DEATHS
def test_an_alert_that_is_cut_off_anywhere_is_told_once(stack: Stack, death: str) -> None:
    points = [Point(operation, done) for operation in ("chat.postMessage", "chat.update") for done in (False, True)]
    names = [*(point.name for point in points), "told"]
    stack.bot.environment["RECORD_ON"] = "0"
    stack.start(**SETTINGS)
    record(stack, names)
    stack.agora.kill("told")
    stack.wait_alert("recording_failed", "lost", channel="told")
    for point in points[:2]:
        stack.agora.kill(point.name)
    reached = [hit(stack, point, death) for point in points[:2]]
    for point in points[2:]:
        stack.wait_red(point.name, channel=point.name)
        reached.append(hit(stack, point, death))
        stack.agora.kill(point.name)
        # The alert is not what is cut off here.
        reached.append(told(stack, point.name))
    die(stack, death, reached)
    expected = {name: End("failed", known=True, alerts=1) for name in names}
    # Slack took the alert and its answer was lost: twice is better than never.
    expected[Point("chat.postMessage", True).name] = End("failed", known=True, alerts=2)
    wait_ends(stack, expected)
    for name in names:
        assert {(event(m), payload(m)["reason"]) for m in stack.alerts(name)} == {("recording_failed", "lost")}


def test_a_recording_survives_any_number_of_deaths(stack: Stack) -> None:
    names = ["in-the-call", "moving"]
    stack.start(**SETTINGS)
    record(stack, names)
    for _ in range(3):
        stack.agora.move("moving", 0.5)
        stack.bot.kill()
        stack.restart(**SETTINGS)
        stack.after_queries(2)
    wait_ends(stack, {name: End("recording", known=True) for name in names})
    assert all(len(stack.agora.recorders(name)) == 1 for name in names)


def test_a_start_that_dies_again_and_again_leaves_one_recorder_which_is_known(stack: Stack) -> None:
    rooms(stack, ["start-unanswered"])
    stack.start(**SETTINGS)
    point = Point("start", True)
    reached = hit(stack, point, KILLED)
    stack.command(f"start {point.name}", channel=point.name)
    for _ in range(2):
        stack.slack.wait_for(reached, timeout=20, what="the start")
        stack.bot.kill()
        stack.agora.clear_faults()
        reached = hit(stack, point, KILLED)
        stack.restart(**SETTINGS)
    stack.slack.wait_for(reached, timeout=20, what="the start")
    stack.bot.kill()
    stack.agora.clear_faults()
    stack.restart(**SETTINGS)
    wait_ends(stack, {point.name: End("recording", known=True)})
