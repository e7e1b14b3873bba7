"""The bot is killed, or the database fails, while a lost recorder is replaced."""

from __future__ import annotations

from tests.system.conftest import Office
from tests.system.test_points_of_death import DEATHS, End, Point, die, hit, record, wait_ends

SOON = {"FAILOVER_GRACE_SECONDS": "1"}
LOST = ("recording_warning", "lost")


@DEATHS
def test_wherever_recording_on_is_cut_off_one_recorder_is_left_and_the_loss_is_told_once(
    office: Office, death: str
) -> None:
    points = [Point(operation, done) for operation in ("acquire", "start") for done in (False, True)]
    names = [point.name for point in points]
    office.start(START_TIMEOUT_SECONDS="30", **SOON)
    record(office, names)
    # The death comes when all of them are reached: recorders are alive until then.
    for name in names:
        office.wait_red(name, channel=name)
    reached = [hit(office, point, death) for point in points]
    for name in names:
        office.agora.kill(name)
    die(office, death, reached)
    wait_ends(office, {name: End("recording", known=True, alerts=1) for name in names})
    for name in names:
        assert office.alert_kinds(name) == [LOST]
        assert len(office.bot.rows("SELECT id FROM recordings WHERE agora_channel = :name", name=name)) == 1
