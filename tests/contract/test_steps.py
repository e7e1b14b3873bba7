"""What the engine reads and writes of recordings, and the fence of its lease."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import Incident
from recordings.model.delivery import Delivery, DeliveryState, Footage
from recordings.model.options import AppliedLayout, Layout
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import ExitCause, Gap, Reported, Stream
from recordings.model.segments import LostSegment
from recordings.repositories import Queue, queue_of
from tests.contract.conftest import Stored
from tests.fakes.intents import request_stop
from tests.fakes.rows import NOW, a_delivery, a_recording, an_alert, at, changed, over, running, up, with_card

DELIVERY = a_delivery(
    5000,
    112,
    state=DeliveryState.MISSING,
    footage=(Footage(playlist="folder/SID_daily.m3u8", seconds=3900.25, begun_at=at(0.5), ended_at=at(3900.75)),),
    seconds=3900.25,
    missing=("a_1.ts", "<b>.ts"),
    empty=("SID_daily_1.mp4",),
    code="AccessDenied",
    failures=2,
    fingerprint="4 files, 5112 bytes",
)
"""With a value in every field that differs from its default."""

REPORTED = Reported(
    notifications=9,
    up_at=at(1),
    exit_cause=ExitCause.LEFT,
    exit_received_at=at(2.25),
    moved_at=at(2.5),
    moving=True,
    stored_at=at(2.75),
    gaps=(Gap(begun_at=at(3), ended_at=at(4.125)),),
    upload_error_at=at(5),
    uploaded_at=at(6),
    backup_at=at(7),
    progress=7000,
    progress_at=at(8),
    streams=(Stream(sound=True, uid=0, received=False, since=at(9), received_at=at(10)),),
    upload_warning_open=True,
    upload_warned_at=at(11),
    silence_warning_open=True,
    notification_missed=True,
    media_received=True,
)
LOST_SEGMENT = LostSegment(
    sid="SID1",
    uid=4_294_967_295,
    resource_id="RES",
    up_at=at(1.25),
    found_at=at(2.5),
    lost_at=at(5),
    moved_at=at(3),
    left_at=at(4),
    resumed_at=at(6.5),
    files=("a.mp4", "b.m3u8"),
    uploaded_at=at(7),
    backup_at=at(8),
    recorder_count=2,
)
"""With a value in every field that differs from its default."""

EVERY_FACT: dict[str, Any] = {
    "state": State.STOPPING,
    "reason": Reason.LOST,
    "detail": "404/404 <not> found & gone",
    "tries": 3,
    "recorder_count": 2,
    "recorder_id": "rec1.2",
    "sid": "SID",
    "started_at": at(1.25),
    "first_file_at": at(2),
    "found_at": at(2.5),
    "lost_segments": (LOST_SEGMENT, replace(LOST_SEGMENT, sid="SID2", resumed_at=None)),
    "ended_at": at(3),
    "status": 8,
    "queried_at": at(4),
    "unanswered_since": at(5),
    "unanswered_reason": Reason.UNAUTHORIZED,
    "not_found_since": at(6),
    "not_found": 4,
    "found_empty": 1,
    "people_since": at(7),
    "nothing_stored_warned_at": at(8),
    "people_count": 3,
    "people_counted_at": at(8.5),
    "end_warning": "ending_soon-20260617114200000000-60",
    "stop_reason": Reason.TIME_LIMIT,
    "stop_accepted_at": at(9),
    "files": ("a.mp4", "b.m3u8"),
    "uploading_status": "backuped",
    "files_awaited": True,
    "delivery": DELIVERY,
    "reported": REPORTED,
    "applied_layout": AppliedLayout(
        layout=Layout.SPEAKER, big_uid=2**32 - 1, tries=2, due_at=at(11.5), refused_at=at(12)
    ),
    "card_ts": "1.2",
    "next_step_at": at(10),
}
NEW_FACTS: dict[str, Any] = {
    "most_people": 4,
    "confirmed_until": at(13),
    "confirmation_expired": True,
    "query_due_at": at(14),
    "unreadable_answer": "HTTP 200: status 99",
}
"""Facts that the previous release does not know."""


def test_every_fact_that_a_step_can_change_is_stored(stored: Stored) -> None:
    before = stored.added(a_recording())
    after = changed(before, **EVERY_FACT, **NEW_FACTS)

    assert stored.saved(before, after) == after


def test_this_suite_sets_every_field_of_a_delivery() -> None:
    assert [field.name for field in fields(Delivery) if getattr(DELIVERY, field.name) == field.default] == []


def test_this_suite_sets_every_field_that_agora_reports() -> None:
    assert [field.name for field in fields(Reported) if getattr(REPORTED, field.name) == field.default] == []


def test_this_suite_sets_every_field_of_a_lost_segment() -> None:
    assert [field.name for field in fields(LostSegment) if getattr(LOST_SEGMENT, field.name) == field.default] == []


@pytest.mark.parametrize("delivery", [None, Delivery(), DELIVERY, a_delivery()])
def test_a_delivery_is_read_as_it_was_written(stored: Stored, delivery: Delivery | None) -> None:
    before = stored.added(up(delivery=a_delivery(1, 2, 3), files_awaited=delivery is None))
    assert stored.now_is() == before

    after = stored.saved(before, replace(before, delivery=delivery, files_awaited=delivery is not None))

    assert (after.delivery, after.files_awaited) == (delivery, delivery is not None)


def test_a_bucket_check_with_no_visible_result_does_not_make_the_card_due(stored: Stored) -> None:
    before = stored.added(up(state=State.UPLOADING, files_awaited=True))
    stored.recordings.mark_card_drawn("rec1", 1, "1.1", NOW, stored.epoch)
    for looks in range(1, 4):
        before = stored.saved(
            before, replace(before, delivery=Delivery(checks=looks, fingerprint=str(looks), size=looks))
        )
    assert stored.recordings.due_cards(9) == []

    stored.saved(before, replace(before, delivery=a_delivery()))
    assert [key for key, _ in stored.recordings.due_cards(9)] == ["rec1"]


def test_a_stop_is_not_written_while_only_files_are_awaited(stored: Stored) -> None:
    uploading = stored.added(up(state=State.UPLOADING, files_awaited=True))

    assert request_stop(stored.recordings, "rec1", "U2", at(5)) == uploading
    assert stored.now_is() == uploading


@pytest.mark.parametrize("row", [up(state=State.UPLOADING, files_awaited=True), over(files_awaited=True)])
def test_a_recording_whose_files_are_awaited_leaves_its_channel_free(stored: Stored, row: Recording) -> None:
    stored.added(row)
    stored.added(up(id="rec2"))

    assert {key for key, _ in stored.recordings.due(9)} == {"rec1", "rec2"}


def test_a_job_has_the_recorder_that_the_recording_wants(stored: Stored) -> None:
    before = stored.added(a_recording())
    given_up, wanted = running(id="rec1.1", wanted=False), running(id="rec1.2", uid=7)
    stored.saved(before, Change(replace(before, recorder_id="rec1.2"), (given_up, wanted)))

    job = stored.recordings.job("rec1")

    assert job is not None
    assert (job.recording.recorder_id, job.recorder) == ("rec1.2", wanted)


def test_a_job_of_a_recording_without_a_recorder_has_none(stored: Stored) -> None:
    stored.added(a_recording())
    job = stored.recordings.job("rec1")

    assert job is not None
    assert job.recorder is None


def test_due_recordings_come_most_urgent_first_up_to_the_limit(stored: Stored) -> None:
    for number, seconds in enumerate([30, 10, 20]):
        stored.added(up(id=f"r{number}", agora_channel=f"a{number}", next_step_at=at(seconds)))
    stored.added(over(id="over", agora_channel="z", next_step_at=NOW))

    assert stored.recordings.due(2) == [("r1", at(10)), ("r2", at(20))]
    assert len(stored.recordings.due(10)) == 3


INTERACTIVE = {
    "starting": with_card(id="starting"),
    "stopping": up(id="stopping", state=State.STOPPING),
    "a stop was asked for": up(id="a stop was asked for", stop_at=at(1)),
    "lost, to be resumed": up(
        id="lost, to be resumed",
        state=State.INTERRUPTED,
        sid=None,
        lost_segments=(replace(LOST_SEGMENT, resumed_at=None),),
    ),
}
POLLED = {
    "recording": up(id="recording"),
    "interrupted": up(id="interrupted", state=State.INTERRUPTED),
    "resumed, coming up": up(id="resumed, coming up", state=State.INTERRUPTED, lost_segments=(LOST_SEGMENT,)),
    "uploading": up(id="uploading", state=State.UPLOADING, stop_at=at(1)),
}

DELIVERED = {
    "stopped, files looked for": up(id="stopped, files looked for", state=State.UPLOADING, files_awaited=True),
    "over, files looked for": over(id="over, files looked for", files_awaited=True),
}


def test_due_recordings_are_in_the_queue_of_what_they_wait_for(stored: Stored) -> None:
    for name, recording in (INTERACTIVE | POLLED | DELIVERED).items():
        stored.added(replace(recording, agora_channel=name))
    stored.added(over(id="over", agora_channel="over"))

    assert {key for key, _ in stored.recordings.due(99, Queue.INTERACTIVE)} == set(INTERACTIVE)
    assert {key for key, _ in stored.recordings.due(99, Queue.POLL)} == set(POLLED)
    assert {key for key, _ in stored.recordings.due(99, Queue.DELIVERY)} == set(DELIVERED)
    assert {key for key, _ in stored.recordings.due(99)} == set(INTERACTIVE | POLLED | DELIVERED)


def test_the_queues_agree_with_queue_of_for_every_state(stored: Stored) -> None:
    facts = itertools.product(State, (False, True), (None, "SID"), (None, at(1)))
    every = [
        up(id=f"r{number}", agora_channel=f"a{number}", state=state, files_awaited=awaited, sid=sid, stop_at=stop_at)
        for number, (state, awaited, sid, stop_at) in enumerate(facts)
    ]
    for recording in every:
        stored.added(recording)

    for queue in Queue:
        due = {key for key, _ in stored.recordings.due(99, queue)}
        assert due == {recording.id for recording in every if queue_of(recording) is queue}, queue
    complete = {recording.id for recording in every if recording.is_complete}
    assert complete == {recording.id for recording in every if queue_of(recording) is None}
    assert {key for key, _ in stored.recordings.due(99)} == {recording.id for recording in every} - complete


def test_an_uploading_recording_is_due(stored: Stored) -> None:
    stored.added(up(state=State.UPLOADING))

    assert [key for key, _ in stored.recordings.due(10)] == ["rec1"]


def test_a_recording_without_an_answer_since_a_moment_is_noticed(stored: Stored) -> None:
    stored.added(up(unanswered_since=at(10)))

    assert not stored.recordings.any_without_answer(at(9))
    assert stored.recordings.any_without_answer(at(10))


def test_a_recording_that_is_over_needs_no_answer(stored: Stored) -> None:
    stored.added(over(unanswered_since=at(10)))

    assert not stored.recordings.any_without_answer(at(100))


def test_state_recorder_and_alert_are_written_together(stored: Stored) -> None:
    before = stored.added(up())
    failed = replace(before, state=State.FAILED, reason=Reason.LOST)
    stored.saved(before, Change(failed, (running(wanted=False),), (an_alert(failed),)))

    assert stored.now_is().state is State.FAILED
    assert [key for key, _ in stored.recorders.due(10)] == ["rec1.1"]
    assert [job.alert for job in stored.outbox.due()] == [an_alert(failed)]


WRITES: dict[str, Callable[[Stored, int], object]] = {
    "a step": lambda s, epoch: s.recordings.save(up(), Change(up(state=State.FAILED)), epoch, NOW),
    "a recorder": lambda s, epoch: s.recorders.save(running(sid="OTHER"), epoch),
    "a trouble": lambda s, epoch: s.incidents.save(
        Review((Incident(id="t", slack_channel="C1", reason=Reason.LOST, recording_id="rec1", opened_at=NOW),), ()),
        epoch,
    ),
    "a drawn card": lambda s, epoch: s.recordings.mark_card_drawn("rec1", 1, "9.9", NOW, epoch),
    "a deferred card": lambda s, epoch: s.recordings.defer_card("rec1", NOW, epoch),
    "an answer": lambda s, epoch: s.recordings.mark_replied("rec1", epoch),
    "a deferred answer": lambda s, epoch: s.recordings.defer_reply("rec1", NOW, epoch),
    "a pause": lambda s, epoch: s.incidents.save_downtime(Downtime(NOW, at(9)), [up()], [], epoch),
    "a redirected alert": lambda s, epoch: s.outbox.redirect(1, "is_archived", epoch),
    "a delivered alert": lambda s, epoch: s.outbox.mark_delivered(1, "9.9", NOW, epoch),
    "a deferred alert": lambda s, epoch: s.outbox.defer(1, NOW, "busy", epoch),
    "a dropped alert": lambda s, epoch: s.outbox.drop(1, "is_archived", NOW, epoch),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_former_leader_writes_nothing(stored: Stored, what: str) -> None:
    before = stored.added(up())
    stored.saved(before, Change(before, (running(),), (an_alert(),)))
    stored.succeed()

    with pytest.raises(LeaseLost):
        WRITES[what](stored, stored.epoch)

    assert stored.now_is() == before
    assert stored.recorders.get("rec1.1") == running()
    assert [job.tries for job in stored.outbox.due()] == [0]
    assert stored.incidents.open() == []


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written_with_an_epoch_that_never_was(stored: Stored, what: str) -> None:
    stored.added(up())

    with pytest.raises(LeaseLost):
        WRITES[what](stored, 99)


def test_the_new_leader_writes(stored: Stored) -> None:
    before = stored.added(up())
    stored.epoch = stored.succeed()

    assert stored.saved(before, replace(before, state=State.STOPPING)).state is State.STOPPING


def test_a_replica_that_does_not_lead_can_write_a_stop(stored: Stored) -> None:
    stored.added(with_card())
    stored.succeed()

    assert request_stop(stored.recordings, "rec1", "U2", at(1)).intent.stop_by == "U2"


def test_a_card_posted_again_during_a_step_is_kept(stored: Stored) -> None:
    before = stored.added(up(card_ts="1.1"))
    stored.recordings.mark_card_drawn("rec1", 1, "2.2", NOW, stored.epoch)

    assert stored.saved(before, changed(before, status=4)).card_ts == "2.2"


def test_a_step_that_began_before_a_pause_was_noted_keeps_it(stored: Stored) -> None:
    before = stored.added(up())
    stored.incidents.save_downtime(Downtime(at(1), at(9)), [before], [], stored.epoch)

    after = stored.saved(before, changed(before, status=4))

    assert (after.unwatched_from, after.unwatched_to, after.probe.status) == (at(1), at(9), 4)
