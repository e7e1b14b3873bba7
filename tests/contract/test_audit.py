"""The audit log: who did what, when, and from where."""

from __future__ import annotations

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.audit import AuditAction, AuditEvent, Source
from tests.contract.conftest import Stored
from tests.fakes.intents import request_stop
from tests.fakes.rows import NOW, a_delivery, a_recording, an_alert, at, over, up


def an_event(
    seconds: float = 0,
    who: str = "U2",
    detail: str = "",
    what: AuditAction = AuditAction.GOT_LINKS,
    recording_id: str = "rec1",
) -> AuditEvent:
    return AuditEvent(
        at=at(seconds),
        who=who,
        what=what,
        source=Source.BUTTON,
        recording_id=recording_id,
        slack_channel="C1",
        detail=detail,
    )


def test_events_are_read_as_written_in_the_order_of_writing(stored: Stored) -> None:
    audit_events = [an_event(2.25, detail="a_0.mp4, <b>.mp4"), an_event(1, who="U1"), an_event(3, detail="x" * 10_000)]
    for audit_event in audit_events:
        stored.audit_log.add(audit_event)

    assert stored.audit_log.all() == audit_events


def test_the_same_action_twice_is_two_events(stored: Stored) -> None:
    stored.audit_log.add(an_event())
    stored.audit_log.add(an_event())

    assert len(stored.audit_log.all()) == 2


def test_a_replica_that_does_not_lead_can_write_an_event(stored: Stored) -> None:
    stored.succeed()
    stored.audit_log.add(an_event())

    assert len(stored.audit_log.all()) == 1


def test_a_recording_is_read_with_its_delivery(stored: Stored) -> None:
    ended = stored.added(over(delivery=a_delivery(1, 2)))

    assert stored.recordings.recording("rec1") == ended
    assert stored.recordings.recording("nobody") is None
    assert stored.recordings.recording("") is None


STARTED, STOPPED = an_event(what=AuditAction.STARTED), an_event(1, what=AuditAction.STOPPED)


def test_an_event_is_written_together_with_the_recording_or_the_intent(stored: Stored) -> None:
    stored.recordings.add_recording(a_recording(), None, "trigger 1", STARTED)
    request_stop(stored.recordings, "rec1", "U2", at(1), "trigger 2", STOPPED)

    assert stored.audit_log.all() == [STARTED, STOPPED]


@pytest.mark.parametrize("request_", ["trigger 1", None])
def test_a_start_that_starts_nothing_writes_no_event(stored: Stored, request_: str | None) -> None:
    stored.recordings.add_recording(a_recording(), None, "trigger 1", STARTED)
    stored.recordings.add_recording(a_recording(id="second"), None, request_, an_event(recording_id="second"))

    assert stored.audit_log.all() == [STARTED]


def test_a_redelivered_start_after_the_end_writes_no_second_event(stored: Stored) -> None:
    stored.recordings.add_recording(over(), None, "trigger 1", STARTED)
    stored.recordings.add_recording(a_recording(id="second"), None, "trigger 1", an_event(recording_id="second"))

    assert stored.audit_log.all() == [STARTED]


@pytest.mark.parametrize("request_", ["trigger 2", "trigger 3", None])
def test_a_redelivered_or_second_stop_writes_no_event(stored: Stored, request_: str | None) -> None:
    stored.added(up())
    for request in ("trigger 2", request_):
        request_stop(stored.recordings, "rec1", "U2", at(1), request, STOPPED)

    assert stored.audit_log.all() == [STOPPED]


def test_stopping_a_recording_that_is_over_writes_no_event(stored: Stored) -> None:
    stored.added(over())
    request_stop(stored.recordings, "rec1", "U2", at(1), "trigger 2", STOPPED)

    assert stored.audit_log.all() == []


def test_events_of_a_step_are_written_together_with_it_or_not_at_all(stored: Stored) -> None:
    before = stored.added(up())
    by_itself = an_event(5, who="", what=AuditAction.STOPPED)
    stored.saved(before, Change(before, alerts=(an_alert(),), audit_events=(by_itself,)))
    assert stored.audit_log.all() == [by_itself]

    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.recordings.save(before, Change(before, audit_events=(by_itself,)), stored.epoch, NOW)
    assert stored.audit_log.all() == [by_itself]


def test_events_are_selected_by_time_oldest_first_with_their_agora_channel(stored: Stored) -> None:
    stored.added(up(agora_channel="=daily"))
    late, early, other = an_event(3), an_event(1, who="U1"), an_event(2, recording_id="gone")
    for audit_event in (late, early, other):
        stored.audit_log.add(audit_event)

    assert stored.audit_log.between(at(0)) == [(early, "=daily"), (other, ""), (late, "=daily")]
    assert stored.audit_log.between(at(1.001), at(3)) == [(other, "")]
    assert stored.audit_log.between(at(1), at(1.001)) == [(early, "=daily")]
    assert stored.audit_log.between(at(4)) == []
