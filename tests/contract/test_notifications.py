"""Notifications: kept once, assigned to their recording, and processed in the transaction that writes their effect."""

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


def unprocessed(stored: Stored, recording_id: str = "rec1") -> list[str]:
    return [notification.id for notification in stored.notifications.unprocessed(recording_id)]


def test_a_notification_is_read_as_it_was_kept(stored: Stored) -> None:
    stored.added(up())
    assert stored.notifications.keep(EVERYTHING)
    assert stored.notifications.keep(new_notification(id="n2", sequence=None, code=None))

    assert list(stored.notifications.unprocessed("rec1")) == [
        new_notification(id="n2", sequence=None, code=None),
        EVERYTHING,
    ]


def test_a_redelivered_notification_changes_nothing(stored: Stored) -> None:
    stored.added(up())
    assert stored.notifications.keep(new_notification())
    assert not stored.notifications.keep(new_notification(code=7, received_at=at(9), sid="OTHER"))

    assert list(stored.notifications.unprocessed("rec1")) == [new_notification()]
    assert stored.notifications.count_received("rec1") == 1


def test_one_of_many_concurrent_deliveries_is_new(stored: Stored) -> None:
    stored.added(up())
    with ThreadPoolExecutor(8) as senders:
        new = list(senders.map(lambda _: stored.notifications.keep(new_notification()), range(24)))

    assert sum(new) == 1
    assert stored.notifications.count_received("rec1") == 1


def test_a_notification_belongs_to_the_recording_with_its_sid(stored: Stored) -> None:
    stored.added(up(id="other", agora_channel="other", sid="OTHER"))
    stored.added(up())
    stored.notifications.keep(new_notification(uid=7, agora_channel="renamed"))

    assert unprocessed(stored) == ["n1"]


def test_a_notification_belongs_to_the_recording_of_a_recorder_with_its_sid(stored: Stored) -> None:
    before = stored.added(up(sid="SECOND"))
    stored.saved(before, Change(before, (running(wanted=False),)))
    stored.notifications.keep(new_notification(uid=7))

    assert unprocessed(stored) == ["n1"]


def test_without_a_sid_a_notification_belongs_to_the_recorder_with_its_channel_and_uid(
    stored: Stored,
) -> None:
    before = stored.added(a_recording())
    stored.saved(before, Change(before, (started(),)))
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="another uid", uid=UID + 1))
    stored.notifications.keep(new_notification(id="another channel", agora_channel="weekly"))

    assert unprocessed(stored) == ["n1"]


def test_a_notification_with_another_sid_does_not_belong_to_a_recorder_with_its_uid(stored: Stored) -> None:
    before = stored.added(up())
    stored.saved(before, Change(before, (running(),)))
    stored.notifications.keep(new_notification(sid="OTHER"))

    assert unprocessed(stored) == []


def test_the_sid_takes_precedence_over_the_uid(stored: Stored) -> None:
    lost = stored.added(a_recording(id="lost", agora_channel="lost"))
    stored.saved(lost, Change(lost, (started(id="lost.1", recording_id="lost"),)))
    stored.added(up())
    stored.notifications.keep(new_notification())

    assert (unprocessed(stored), unprocessed(stored, "lost")) == (["n1"], [])


def test_a_notification_before_the_answer_to_start_is_assigned_with_that_answer(stored: Stored) -> None:
    before = stored.added(a_recording())
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="n2", sid="OTHER"))
    assert (unprocessed(stored), stored.notifications.due(9), stored.notifications.depth()) == (
        [],
        [],
        (0, None),
    )

    stored.saved(before, Change(replace(before, sid="SID"), (running(),)))

    assert unprocessed(stored) == ["n1"]
    assert stored.notifications.due(9) == [("rec1", NOW)]


def test_a_step_without_a_new_sid_assigns_no_notification(stored: Stored) -> None:
    first = stored.added(up())
    stored.notifications.keep(new_notification())
    stored.saved(first, replace(first, sid="SECOND"))
    second = stored.now_is()
    stored.notifications.keep(new_notification(id="n2"))
    stored.saved(second, changed(second, status=4))

    assert unprocessed(stored) == ["n1"]


def test_notifications_are_read_in_the_order_in_which_they_happened(stored: Stored) -> None:
    stored.added(up())
    for key, second, sequence in [("d", 2, 0), ("c", 1, 5), ("b", 1, None), ("B", 1, 5), ("a", 1, 4)]:
        stored.notifications.keep(new_notification(id=key, sent_at=at(second), sequence=sequence))

    assert unprocessed(stored) == ["b", "a", "B", "c", "d"]


def test_recordings_are_due_in_the_order_of_their_oldest_notification(stored: Stored) -> None:
    for name, seconds in {"x": (30, 5), "y": (10, 40), "z": (7,)}.items():
        stored.added(up(id=name, agora_channel=name, sid=name))
        for second in seconds:
            stored.notifications.keep(
                new_notification(id=f"{name}{second}", sid=name, received_at=at(second), sent_at=at(-second))
            )

    assert stored.notifications.due(9) == [("x", at(5)), ("z", at(7)), ("y", at(10))]
    assert stored.notifications.due(2) == [("x", at(5)), ("z", at(7))]
    assert stored.notifications.depth() == (5, at(5))


def test_processed_notifications_are_not_due_but_counted_as_received(stored: Stored) -> None:
    before = stored.added(up())
    for number in (1, 2, 3):
        stored.notifications.keep(new_notification(id=f"n{number}", received_at=at(number)))
    stored.saved(before, Change(before, processed=("n1", "n3", "unknown")))

    assert unprocessed(stored) == ["n2"]
    assert stored.notifications.due(9) == [("rec1", at(2))]
    assert stored.notifications.depth() == (1, at(2))
    assert stored.notifications.count_received("rec1") == 3
    assert not stored.notifications.keep(new_notification(id="n1")), "delivered once more"
    assert unprocessed(stored) == ["n2"]


def test_a_former_leader_processes_no_notification(stored: Stored) -> None:
    before = stored.added(up())
    stored.notifications.keep(new_notification())
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.recordings.save(before, Change(before, processed=("n1",)), stored.epoch, NOW)

    assert unprocessed(stored) == ["n1"]


def test_notifications_of_a_recording_that_ended_an_hour_ago_are_not_due(stored: Stored) -> None:
    stored.added(over(ended_at=at(100)))
    stored.notifications.keep(new_notification())
    stored.clock.passes(100 + 3599)
    assert stored.notifications.due(9) == [("rec1", NOW)]

    stored.clock.passes(1)
    assert (stored.notifications.due(9), stored.notifications.depth()) == ([], (0, None))
    assert unprocessed(stored) == ["n1"]


@pytest.mark.parametrize("open_", [{"state": State.UPLOADING}, {"state": State.FAILED, "files_awaited": True}])
def test_notifications_of_a_recording_whose_files_are_awaited_stay_due(
    stored: Stored, open_: dict[str, object]
) -> None:
    stored.added(over(ended_at=at(100), **open_))
    stored.notifications.keep(new_notification())
    stored.clock.passes(86_400)

    assert stored.notifications.due(9) == [("rec1", NOW)]


def test_notifications_are_deleted_after_a_month(stored: Stored) -> None:
    stored.added(up())
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="n2", received_at=at(1), sid="OTHER"))
    stored.notifications.forget(NOW + timedelta(days=30))
    assert stored.notifications.count_received("rec1") == 1

    stored.notifications.forget(at(1) + timedelta(days=30))
    assert stored.notifications.count_received("rec1") == 0
    assert not stored.notifications.keep(new_notification(id="n2")), "not old enough"


def as_a_newer_release_kept_them(database: Database) -> None:
    facts = '{"code": 7, "mood": "new"}'
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET facts = :facts WHERE id = 'n1'"), {"facts": facts})
        connection.execute(text("UPDATE notices SET event = 45 WHERE id = 'n2'"))


@pytest.mark.parametrize("name", ["database", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def test_facts_and_events_of_a_newer_release_do_not_disturb_this_one(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)
    notifications = Notifications(database)
    assert notifications.keep(new_notification())
    assert notifications.keep(new_notification(id="n2"))
    as_a_newer_release_kept_them(database)
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET recording_id = 'rec1'"))

    assert list(notifications.unprocessed("rec1")) == [new_notification(code=7)]
