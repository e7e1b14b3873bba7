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
from recordings.model.notifications import Event
from recordings.model.recording import State
from storage.database import Database
from storage.notifications import Notices
from tests.contract.conftest import ON_POSTGRESQL, Stores
from tests.fakes.notices import a_notice
from tests.fakes.rows import NOW, UID, a_recording, at, over, running, started, up

EVERYTHING = a_notice(
    event=Event.ERROR,
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


def kept(stores: Stores, recording_id: str = "rec1") -> list[str]:
    return [notice.id for notice in stores.notices.of(recording_id)]


def test_a_notice_is_kept_as_it_came(stores: Stores) -> None:
    stores.added(up())
    assert stores.notices.keep(EVERYTHING)
    assert stores.notices.keep(a_notice(id="n2", sequence=None, code=None))

    assert list(stores.notices.of("rec1")) == [a_notice(id="n2", sequence=None, code=None), EVERYTHING]


def test_the_same_notice_again_changes_nothing(stores: Stores) -> None:
    stores.added(up())
    assert stores.notices.keep(a_notice())
    assert not stores.notices.keep(a_notice(code=7, received_at=at(9), sid="OTHER"))

    assert list(stores.notices.of("rec1")) == [a_notice()]
    assert stores.notices.seen("rec1") == 1


def test_of_many_deliveries_at_once_one_is_new(stores: Stores) -> None:
    stores.added(up())
    with ThreadPoolExecutor(8) as senders:
        new = list(senders.map(lambda _: stores.notices.keep(a_notice()), range(24)))

    assert sum(new) == 1
    assert stores.notices.seen("rec1") == 1


def test_it_belongs_to_the_recording_with_its_sid(stores: Stores) -> None:
    stores.added(up(id="other", agora_channel="other", sid="OTHER"))
    stores.added(up())
    stores.notices.keep(a_notice(uid=7, agora_channel="renamed"))

    assert kept(stores) == ["n1"]


def test_or_to_that_of_a_recorder_with_its_sid(stores: Stores) -> None:
    before = stores.added(up(sid="SECOND"))
    stores.saved(before, Change(before, (running(wanted=False),)))
    stores.notices.keep(a_notice(uid=7))

    assert kept(stores) == ["n1"]


def test_or_to_that_of_a_recorder_in_its_channel_with_its_uid_whose_sid_is_not_known_yet(stores: Stores) -> None:
    before = stores.added(a_recording())
    stores.saved(before, Change(before, (started(),)))
    stores.notices.keep(a_notice())
    stores.notices.keep(a_notice(id="another uid", uid=UID + 1))
    stores.notices.keep(a_notice(id="another channel", agora_channel="weekly"))

    assert kept(stores) == ["n1"]


def test_a_recorder_that_has_another_sid_is_another(stores: Stores) -> None:
    before = stores.added(up())
    stores.saved(before, Change(before, (running(),)))
    stores.notices.keep(a_notice(sid="OTHER"))

    assert kept(stores) == []


def test_a_sid_counts_more_than_a_uid(stores: Stores) -> None:
    lost = stores.added(a_recording(id="lost", agora_channel="lost"))
    stores.saved(lost, Change(lost, (started(id="lost.1", recording_id="lost"),)))
    stores.added(up())
    stores.notices.keep(a_notice())

    assert (kept(stores), kept(stores, "lost")) == (["n1"], [])


def test_one_that_came_before_the_answer_to_start_waits_for_it(stores: Stores) -> None:
    before = stores.added(a_recording())
    stores.notices.keep(a_notice())
    stores.notices.keep(a_notice(id="n2", sid="OTHER"))
    assert (kept(stores), stores.notices.waiting(9), stores.notices.depth()) == ([], [], (0, None))

    stores.saved(before, Change(replace(before, sid="SID"), (running(),)))

    assert kept(stores) == ["n1"]
    assert stores.notices.waiting(9) == [("rec1", NOW)]


def test_another_step_of_the_same_recorder_adopts_nothing(stores: Stores) -> None:
    first = stores.added(up())
    stores.notices.keep(a_notice())
    stores.saved(first, replace(first, sid="SECOND"))
    second = stores.now_is()
    stores.notices.keep(a_notice(id="n2"))
    stores.saved(second, replace(second, status=4))

    assert kept(stores) == ["n1"]


def test_they_come_as_they_happened(stores: Stores) -> None:
    stores.added(up())
    for key, second, sequence in [("d", 2, 0), ("c", 1, 5), ("b", 1, None), ("B", 1, 5), ("a", 1, 4)]:
        stores.notices.keep(a_notice(id=key, sent_at=at(second), sequence=sequence))

    assert kept(stores) == ["b", "a", "B", "c", "d"]


def test_recordings_wait_in_the_order_in_which_their_oldest_notice_came(stores: Stores) -> None:
    for name, seconds in {"x": (30, 5), "y": (10, 40), "z": (7,)}.items():
        stores.added(up(id=name, agora_channel=name, sid=name))
        for second in seconds:
            stores.notices.keep(a_notice(id=f"{name}{second}", sid=name, received_at=at(second), sent_at=at(-second)))

    assert stores.notices.waiting(9) == [("x", at(5)), ("z", at(7)), ("y", at(10))]
    assert stores.notices.waiting(2) == [("x", at(5)), ("z", at(7))]
    assert stores.notices.depth() == (5, at(5))


def test_what_a_step_heeded_does_not_wait_any_more_and_is_counted_all_the_same(stores: Stores) -> None:
    before = stores.added(up())
    for number in (1, 2, 3):
        stores.notices.keep(a_notice(id=f"n{number}", received_at=at(number)))
    stores.saved(before, Change(before, heeded=("n1", "n3", "unknown")))

    assert kept(stores) == ["n2"]
    assert stores.notices.waiting(9) == [("rec1", at(2))]
    assert stores.notices.depth() == (1, at(2))
    assert stores.notices.seen("rec1") == 3
    assert not stores.notices.keep(a_notice(id="n1")), "delivered once more"
    assert kept(stores) == ["n2"]


def test_a_leader_that_was_succeeded_heeds_nothing(stores: Stores) -> None:
    before = stores.added(up())
    stores.notices.keep(a_notice())
    stores.succeed()
    with pytest.raises(LeaseLost):
        stores.recordings.save(before, Change(before, heeded=("n1",)), stores.epoch, NOW)

    assert kept(stores) == ["n1"]


def test_a_recording_that_has_long_been_over_waits_for_nothing(stores: Stores) -> None:
    stores.added(over(ended_at=at(100)))
    stores.notices.keep(a_notice())
    stores.clock.passes(100 + 3599)
    assert stores.notices.waiting(9) == [("rec1", NOW)]

    stores.clock.passes(1)
    assert (stores.notices.waiting(9), stores.notices.depth()) == ([], (0, None))
    assert kept(stores) == ["n1"]


@pytest.mark.parametrize("open_", [{"state": State.UPLOADING}, {"state": State.FAILED, "files_awaited": True}])
def test_one_whose_files_are_looked_for_waits_however_long(stores: Stores, open_: dict[str, object]) -> None:
    stores.added(over(ended_at=at(100), **open_))
    stores.notices.keep(a_notice())
    stores.clock.passes(86_400)

    assert stores.notices.waiting(9) == [("rec1", NOW)]


def test_notices_are_forgotten_after_a_month(stores: Stores) -> None:
    stores.added(up())
    stores.notices.keep(a_notice())
    stores.notices.keep(a_notice(id="n2", received_at=at(1), sid="OTHER"))
    stores.notices.forget(NOW + timedelta(days=30))
    assert stores.notices.seen("rec1") == 1

    stores.notices.forget(at(1) + timedelta(days=30))
    assert stores.notices.seen("rec1") == 0
    assert not stores.notices.keep(a_notice(id="n2")), "not old enough"


def what_a_newer_program_kept(database: Database) -> None:
    facts = '{"code": 7, "mood": "new"}'
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET facts = :facts WHERE id = 'n1'"), {"facts": facts})
        connection.execute(text("UPDATE notices SET event = 45 WHERE id = 'n2'"))


@pytest.mark.parametrize("name", ["database", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def test_what_a_newer_program_kept_does_not_hinder_this_one(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)
    notices = Notices(database)
    assert notices.keep(a_notice())
    assert notices.keep(a_notice(id="n2"))
    what_a_newer_program_kept(database)
    with database.write() as connection:
        connection.execute(text("UPDATE notices SET recording_id = 'rec1'"))

    assert list(notices.of("rec1")) == [a_notice(code=7)]
