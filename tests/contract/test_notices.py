"""Notices: kept once, found by the recording that they belong to, heeded in the same transaction as what comes of
them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.notifications import NotificationEvent
from recordings.model.recording import State
from storage.database import Database
from storage.notifications import Notifications
from tests.contract.conftest import ON_POSTGRESQL, Stored
from tests.fakes.agora_notifications import new_notification
from tests.fakes.rows import NOW, UID, a_recording, at, changed, over, running, started, up

EVERYTHING = new_notification(
    event=NotificationEvent.ERROR,
    sequence=2**53,
    sent_at=at(1.25),
    received_at=at(2.5),
    code=47,
    module=1,
    level=5,
    new_uid=2**32 - 1,
    stream_uid=0,
    begun_at=at(-1),
    lost_from=at(-2.125),
    files=("a <b>.mp4", "ü.m3u8"),
    words="upload failed: 'x' & \"y\"",
)


def kept(stored: Stored, recording_id: str = "rec1") -> list[str]:
    return [notification.id for notification in stored.notifications.of(recording_id)]


def test_a_notice_is_kept_as_it_came(stored: Stored) -> None:
    stored.added(up())
    assert stored.notifications.keep(EVERYTHING)
    assert stored.notifications.keep(new_notification(id="n2", sequence=None, code=None))

    assert list(stored.notifications.of("rec1")) == [new_notification(id="n2", sequence=None, code=None), EVERYTHING]


def test_the_same_notice_again_changes_nothing(stored: Stored) -> None:
    stored.added(up())
    assert stored.notifications.keep(new_notification())
    assert not stored.notifications.keep(new_notification(code=7, received_at=at(9), sid="OTHER"))

    assert list(stored.notifications.of("rec1")) == [new_notification()]
    assert stored.notifications.seen("rec1") == 1


def test_of_many_deliveries_at_once_one_is_new(stored: Stored) -> None:
    stored.added(up())
    with ThreadPoolExecutor(8) as senders:
        new = list(senders.map(lambda _: stored.notifications.keep(new_notification()), range(24)))

    assert sum(new) == 1
    assert stored.notifications.seen("rec1") == 1


def test_it_belongs_to_the_recording_with_its_sid(stored: Stored) -> None:
    stored.added(up(id="other", agora_channel="other", sid="OTHER"))
    stored.added(up())
    stored.notifications.keep(new_notification(uid=7, agora_channel="renamed"))

    assert kept(stored) == ["n1"]


def test_or_to_that_of_a_recorder_with_its_sid(stored: Stored) -> None:
    before = stored.added(up(sid="SECOND"))
    stored.saved(before, Change(before, (running(wanted=False),)))
    stored.notifications.keep(new_notification(uid=7))

    assert kept(stored) == ["n1"]


def test_or_to_that_of_a_recorder_in_its_channel_with_its_uid_whose_sid_is_not_known_yet(
    stored: Stored,
) -> None:
    before = stored.added(a_recording())
    stored.saved(before, Change(before, (started(),)))
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="another uid", uid=UID + 1))
    stored.notifications.keep(new_notification(id="another channel", agora_channel="weekly"))

    assert kept(stored) == ["n1"]


def test_a_recorder_that_has_another_sid_is_another(stored: Stored) -> None:
    before = stored.added(up())
    stored.saved(before, Change(before, (running(),)))
    stored.notifications.keep(new_notification(sid="OTHER"))

    assert kept(stored) == []


def test_a_sid_counts_more_than_a_uid(stored: Stored) -> None:
    lost = stored.added(a_recording(id="lost", agora_channel="lost"))
    stored.saved(lost, Change(lost, (started(id="lost.1", recording_id="lost"),)))
    stored.added(up())
    stored.notifications.keep(new_notification())

    assert (kept(stored), kept(stored, "lost")) == (["n1"], [])


def test_one_that_came_before_the_answer_to_start_waits_for_it(stored: Stored) -> None:
    before = stored.added(a_recording())
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="n2", sid="OTHER"))
    assert (kept(stored), stored.notifications.waiting(9), stored.notifications.depth()) == (
        [],
        [],
        (0, None),
    )

    stored.saved(before, Change(replace(before, sid="SID"), (running(),)))

    assert kept(stored) == ["n1"]
    assert stored.notifications.waiting(9) == [("rec1", NOW)]


def test_another_step_of_the_same_recorder_adopts_nothing(stored: Stored) -> None:
    first = stored.added(up())
    stored.notifications.keep(new_notification())
    stored.saved(first, replace(first, sid="SECOND"))
    second = stored.now_is()
    stored.notifications.keep(new_notification(id="n2"))
    stored.saved(second, changed(second, status=4))

    assert kept(stored) == ["n1"]


def test_they_come_as_they_happened(stored: Stored) -> None:
    stored.added(up())
    for key, second, sequence in [("d", 2, 0), ("c", 1, 5), ("b", 1, None), ("B", 1, 5), ("a", 1, 4)]:
        stored.notifications.keep(new_notification(id=key, sent_at=at(second), sequence=sequence))

    assert kept(stored) == ["b", "a", "B", "c", "d"]


def test_recordings_wait_in_the_order_in_which_their_oldest_notice_came(stored: Stored) -> None:
    for name, seconds in {"x": (30, 5), "y": (10, 40), "z": (7,)}.items():
        stored.added(up(id=name, agora_channel=name, sid=name))
        for second in seconds:
            stored.notifications.keep(
                new_notification(id=f"{name}{second}", sid=name, received_at=at(second), sent_at=at(-second))
            )

    assert stored.notifications.waiting(9) == [("x", at(5)), ("z", at(7)), ("y", at(10))]
    assert stored.notifications.waiting(2) == [("x", at(5)), ("z", at(7))]
    assert stored.notifications.depth() == (5, at(5))


def test_what_a_step_heeded_does_not_wait_any_more_and_is_counted_all_the_same(stored: Stored) -> None:
    before = stored.added(up())
    for number in (1, 2, 3):
        stored.notifications.keep(new_notification(id=f"n{number}", received_at=at(number)))
    stored.saved(before, Change(before, processed=("n1", "n3", "unknown")))

    assert kept(stored) == ["n2"]
    assert stored.notifications.waiting(9) == [("rec1", at(2))]
    assert stored.notifications.depth() == (1, at(2))
    assert stored.notifications.seen("rec1") == 3
    assert not stored.notifications.keep(new_notification(id="n1")), "delivered once more"
    assert kept(stored) == ["n2"]


def test_a_leader_that_was_succeeded_heeds_nothing(stored: Stored) -> None:
    before = stored.added(up())
    stored.notifications.keep(new_notification())
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.recordings.save(before, Change(before, processed=("n1",)), stored.epoch, NOW)

    assert kept(stored) == ["n1"]


def test_a_recording_that_has_long_been_over_waits_for_nothing(stored: Stored) -> None:
    stored.added(over(ended_at=at(100)))
    stored.notifications.keep(new_notification())
    stored.clock.passes(100 + 3599)
    assert stored.notifications.waiting(9) == [("rec1", NOW)]

    stored.clock.passes(1)
    assert (stored.notifications.waiting(9), stored.notifications.depth()) == ([], (0, None))
    assert kept(stored) == ["n1"]


@pytest.mark.parametrize("open_", [{"state": State.UPLOADING}, {"state": State.FAILED, "files_awaited": True}])
def test_one_whose_files_are_looked_for_waits_however_long(stored: Stored, open_: dict[str, object]) -> None:
    stored.added(over(ended_at=at(100), **open_))
    stored.notifications.keep(new_notification())
    stored.clock.passes(86_400)

    assert stored.notifications.waiting(9) == [("rec1", NOW)]


def test_notices_are_forgotten_after_a_month(stored: Stored) -> None:
    stored.added(up())
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="n2", received_at=at(1), sid="OTHER"))
    stored.notifications.forget(NOW + timedelta(days=30))
    assert stored.notifications.seen("rec1") == 1

    stored.notifications.forget(at(1) + timedelta(days=30))
    assert stored.notifications.seen("rec1") == 0
    assert not stored.notifications.keep(new_notification(id="n2")), "not old enough"


def what_a_newer_program_kept(database: Database) -> None:
    facts = '{"code": 7, "mood": "new"}'
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET facts = :facts WHERE id = 'n1'"), {"facts": facts})
        connection.execute(text("UPDATE notices SET event = 45 WHERE id = 'n2'"))


@pytest.mark.parametrize("name", ["database", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def test_what_a_newer_program_kept_does_not_hinder_this_one(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)
    notifications = Notifications(database)
    assert notifications.keep(new_notification())
    assert notifications.keep(new_notification(id="n2"))
    what_a_newer_program_kept(database)
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET recording_id = 'rec1'"))

    assert list(notifications.of("rec1")) == [new_notification(code=7)]
