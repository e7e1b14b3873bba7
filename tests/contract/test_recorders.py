"""Recorders: unwanted ones are due until they are gone, and a sid that arrives late is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.recorder import Recorder
from recordings.model.recording import State
from tests.contract.conftest import Stored
from tests.fakes.rows import NOW, UID, a_recorder, acquired, at, running, started, up, with_card

EVERY_FACT = running(
    wanted=False,
    gone_at=at(9),
    next_step_at=at(8),
    tries=2,
    stop_accepted_at=at(7),
    not_found_since=at(6),
    absent=1,
)


def with_recorders(stored: Stored, *recorders: Recorder, state: State = State.RECORDING) -> None:
    before = stored.added(up(state=state))
    stored.saved(before, Change(before, recorders))


def test_a_recorder_is_read_as_it_was_written(stored: Stored) -> None:
    with_recorders(stored, EVERY_FACT)

    assert stored.recorders.get("rec1.1") == EVERY_FACT
    assert stored.recorders.get("nobody") is None


def test_the_largest_uid_can_be_stored(stored: Stored) -> None:
    with_recorders(stored, running(uid=2**32 - 1))

    assert stored.recorders.uids_in("daily", NOW) == {2**32 - 1}


def test_a_recorder_is_updated(stored: Stored) -> None:
    with_recorders(stored, started())
    stored.recorders.save(running(), stored.epoch)

    assert stored.recorders.get("rec1.1") == running()


def test_only_unwanted_recorders_that_are_not_gone_are_due_most_urgent_first(stored: Stored) -> None:
    with_recorders(
        stored,
        running(id="wanted"),
        running(id="gone", wanted=False, gone_at=NOW),
        running(id="later", wanted=False, next_step_at=at(20)),
        running(id="soon", wanted=False, next_step_at=at(10)),
    )

    assert stored.recorders.due(10) == [("soon", at(10)), ("later", at(20))]
    assert stored.recorders.due(1) == [("soon", at(10))]


@pytest.mark.parametrize("after", [{"gone_at": at(1)}, {"absent": 1}])
def test_a_stopping_recording_is_due_once_its_recorder_is_gone(stored: Stored, after: dict[str, Any]) -> None:
    stored.added(with_card(state=State.STOPPING, next_step_at=at(60)))
    stored.recorders.save(replace(started(wanted=False, next_step_at=at(30)), **after), stored.epoch)

    assert stored.now_is().next_step_at <= at(1), "at once, and not when the recorder is looked at again"


def test_a_recording_that_goes_on_is_not_due_because_a_recorder_is_gone(stored: Stored) -> None:
    stored.added(with_card(state=State.RECORDING, next_step_at=at(60)))
    stored.recorders.save(started(wanted=False, gone_at=at(1), next_step_at=at(1)), stored.epoch)

    assert stored.now_is().next_step_at == at(60)


def test_a_sid_that_a_former_leader_learnt_late_makes_an_unwanted_recorder(
    stored: Stored,
) -> None:
    with_recorders(stored, started(gone_at=at(3)))
    stored.succeed()

    stored.recorders.keep_late(running(sid="LATE", sid_at=at(5)))

    late = stored.recorders.get("rec1.1")
    assert late is not None
    assert (late.sid, late.sid_at, late.wanted, late.gone_at) == ("LATE", at(5), False, None)
    assert [key for key, _ in stored.recorders.due(10)] == ["rec1.1"]


def test_a_sid_that_was_learnt_late_does_not_replace_a_known_one(stored: Stored) -> None:
    with_recorders(stored, running(sid="KNOWN"))

    stored.recorders.keep_late(running(sid="LATE"))

    assert stored.recorders.get("rec1.1") == running(sid="KNOWN")


def test_an_unknown_recorder_is_not_added_late(stored: Stored) -> None:
    stored.recorders.keep_late(running())

    assert stored.recorders.get("rec1.1") is None


def test_recorders_that_are_not_gone_are_counted_wanted_or_not(stored: Stored) -> None:
    assert stored.recorders.count_not_gone() == 0
    with_recorders(
        stored,
        running(id="wanted"),
        a_recorder(id="about to start", uid=1),
        running(id="unwanted", wanted=False),
        running(id="gone", wanted=False, gone_at=NOW),
    )

    assert stored.recorders.count_not_gone() == 3


def test_uids_of_a_channel_are_those_of_the_last_days(stored: Stored) -> None:
    with_recorders(
        stored,
        a_recorder(id="now", uid=1),
        acquired(id="two days ago", uid=2, created_at=at(-2 * 86_400), gone_at=NOW),
        a_recorder(id="four days ago", uid=3, created_at=at(-4 * 86_400)),
        a_recorder(id="elsewhere", uid=UID, agora_channel="other"),
    )

    assert stored.recorders.uids_in("daily", NOW) == {1, 2}


def test_recorders_started_lately_are_found_by_their_channel(stored: Stored) -> None:
    with_recorders(
        stored,
        running(id="now"),
        started(id="then", start_sent_at=at(-50), gone_at=NOW, uid=2),
        started(id="long ago", start_sent_at=at(-101), uid=3),
        acquired(id="never started", uid=4),
        running(id="elsewhere", agora_channel="other", uid=5),
    )

    assert sorted(stored.recorders.channels(at(-100))) == ["daily", "other"]
    assert {recorder.id for recorder in stored.recorders.of_channel("daily", at(-100))} == {"now", "then"}
    assert list(stored.recorders.channels(at(1))) == []


def test_recorders_of_a_recording_are_listed_oldest_first(stored: Stored) -> None:
    recording = stored.added(up())
    second = a_recorder(id="rec1.2", created_at=at(5))
    first = running(wanted=False, gone_at=at(4))
    stored.saved(recording, Change(recording, recorders=(second, first)))
    stored.saved(recording, Change(recording, recorders=(a_recorder(id="rec2.1", recording_id="rec2"),)))

    assert stored.recorders.of_recording("rec1") == [first, second]
    assert stored.recorders.of_recording("nobody") == []
