"""The bot is killed, or the database fails, while a lost recorder is replaced."""

from __future__ import annotations

from tests.system.conftest import Stack
from tests.system.test_kill_points import INTERRUPTIONS, Outcome, Point, interrupt, interrupt_at, record, wait_outcomes

SOON = {"FAILOVER_GRACE_SECONDS": "1"}
LOST = ("recording_warning", "lost")


@INTERRUPTIONS
def test_wherever_recording_on_is_cut_off_one_recorder_is_left_and_the_loss_is_told_once(
    stack: Stack, interruption: str
) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    names = [point.name for point in points]
    stack.start(START_TIMEOUT_SECONDS="30", **SOON)
    record(stack, names)
    # The death comes when all of them are reached: recorders are alive until then.
    for name in names:
        stack.wait_red(name, channel=name)
    reached = [interrupt_at(stack, point, interruption) for point in points]
    for name in names:
        stack.agora.kill(name)
    interrupt(stack, interruption, reached)
    wait_outcomes(stack, {name: Outcome("recording", known=True, alerts=1) for name in names})
    for name in names:
        assert stack.alert_kinds(name) == [LOST]
        assert len(stack.bot.rows("SELECT id FROM recordings WHERE agora_channel = :name", name=name)) == 1


def test_a_process_that_was_killed_is_succeeded_at_once_however_long_its_lease(stack: Stack) -> None:
    stack.start(LEASE_SECONDS="120")
    stack.recording("daily")
    stack.bot.kill()
    stack.restart(LEASE_SECONDS="120")
    stack.after_queries(3)
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
