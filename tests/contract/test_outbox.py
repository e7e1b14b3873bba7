"""Alerts: written once, due in order for each Slack channel until Slack has them, acknowledged once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, Alert, AlertKey, AlertKind
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.delivery import Delivery
from recordings.model.options import AppliedLayout, Layout, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import Recording
from tests.contract.conftest import Stored
from tests.contract.test_steps import DELIVERY
from tests.fakes.rows import NOW, a_delivery, an_alert, at, over, up


def raise_alerts(stored: Stored, *alerts: Alert) -> None:
    for alert in alerts:
        known = stored.recordings.recording(alert.recording.id)
        before = known or stored.added(alert.recording)
        stored.saved(before, Change(before, alerts=(alert,)))


def in_channel(name: str, **facts: object) -> Recording:
    return up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1", **facts)


def test_an_alert_has_the_recording_as_it_was_when_raised(stored: Stored) -> None:
    then = over(detail="<Agora's> words", files=("a.mp4", "b.m3u8"), stop_reason=Reason.TIME_LIMIT)
    raise_alerts(stored, an_alert(then))
    stored.saved(stored.now_is(), replace(stored.now_is(), detail="later words", card_ts="9.9"))

    (job,) = stored.outbox.due()

    assert job.alert == an_alert(then)
    assert (job.card_ts, job.tries, job.due_at) == ("9.9", 0, NOW), "the thread is that of today's card"


@pytest.mark.parametrize("delivery", [None, Delivery(), DELIVERY, a_delivery()])
def test_an_alert_has_the_delivery_as_it_was_when_raised(stored: Stored, delivery: Delivery | None) -> None:
    then = over(delivery=delivery, files_awaited=True)
    raise_alerts(stored, an_alert(then, kind=AlertKind.FILES, reason=None, cause="files"))
    stored.saved(stored.now_is(), replace(stored.now_is(), delivery=a_delivery(1, 2, 3), files_awaited=False))

    (job,) = stored.outbox.due()

    assert job.alert.recording == then


def test_an_alert_has_the_options_and_layout_as_they_were_when_raised(stored: Stored) -> None:
    wish = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(20)}
    then = up(
        options=Options(resolution=Resolution.P1080), applied_layout=AppliedLayout(big_uid=7, refused_at=at(20)), **wish
    )
    raise_alerts(stored, an_alert(then, cause="layout"))

    (job,) = stored.outbox.due()

    assert job.alert.recording == then


def test_an_alert_with_the_same_key_is_written_once(stored: Stored) -> None:
    raise_alerts(stored, an_alert(), an_alert(raised_at=at(9)))
    (job,) = stored.outbox.due()
    stored.outbox.mark_delivered(job.id, "1.1", NOW, stored.epoch)
    raise_alerts(stored, an_alert())

    assert stored.outbox.due() == []


def test_another_kind_or_cause_is_another_alert(stored: Stored) -> None:
    raise_alerts(stored, an_alert(), an_alert(kind=AlertKind.WARNING), an_alert(cause="other"))

    seen = []
    while jobs := stored.outbox.due():
        seen.append((jobs[0].alert.kind, jobs[0].alert.cause))
        stored.outbox.mark_delivered(jobs[0].id, "1.1", NOW, stored.epoch)
    assert seen == [(AlertKind.FAILED, "lost"), (AlertKind.WARNING, "lost"), (AlertKind.FAILED, "other")]


def test_the_oldest_undelivered_alert_of_each_slack_channel_is_due(stored: Stored) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raise_alerts(stored, an_alert(one, cause="1"), an_alert(two, cause="2"), an_alert(one, cause="3"))

    assert [job.alert.cause for job in stored.outbox.due()] == ["1", "2"]


def test_a_deferred_alert_delays_only_its_own_slack_channel(stored: Stored) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raise_alerts(stored, an_alert(one, cause="1"), an_alert(one, cause="2"), an_alert(two, cause="3"))
    first = next(job for job in stored.outbox.due() if job.alert.cause == "1")

    stored.outbox.defer(first.id, at(30), "ratelimited", stored.epoch)

    waiting = {job.alert.cause: (job.due_at, job.tries) for job in stored.outbox.due()}
    assert waiting == {"1": (at(30), 1), "3": (NOW, 0)}


def test_the_next_alert_is_due_after_one_is_dropped(stored: Stored) -> None:
    raise_alerts(stored, an_alert(cause="1"), an_alert(cause="2"))
    stored.outbox.drop(stored.outbox.due()[0].id, "is_archived", NOW, stored.epoch)

    assert [job.alert.cause for job in stored.outbox.due()] == ["2"]


def test_a_redirected_alert_goes_to_the_person_with_no_tries_counted(stored: Stored) -> None:
    raise_alerts(stored, an_alert())
    (job,) = stored.outbox.due()
    stored.outbox.defer(job.id, NOW, "ratelimited", stored.epoch)

    stored.outbox.redirect(job.id, "is_archived", stored.epoch)

    (job,) = stored.outbox.due()
    assert (job.direct, job.tries) == (True, 0)


# acknowledgements

FAILED = an_alert(up())
KEY = AlertKey.of(FAILED)


def with_alert(stored: Stored) -> None:
    recording = stored.added(up())
    stored.saved(recording, Change(recording, alerts=(FAILED,)))


def test_the_first_acknowledgement_counts_and_later_ones_return_it(stored: Stored) -> None:
    with_alert(stored)
    first = AcknowledgedAlert(FAILED, Acknowledgement("U2", at(5)))

    assert stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U2", at(5))) == first
    assert stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U3", at(9))) == first
    assert stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U2", at(9))) == first


def test_concurrent_acknowledgements_all_return_the_same_one(stored: Stored) -> None:
    with_alert(stored)
    with ThreadPoolExecutor(8) as pool:
        acknowledged = list(
            pool.map(lambda n: stored.outbox.acknowledge(KEY, "C1", Acknowledgement(f"U{n}", at(n))), range(8))
        )

    assert len({one.acknowledgement.by for one in acknowledged if one}) == 1


def test_only_an_existing_alert_of_this_slack_channel_can_be_acknowledged(stored: Stored) -> None:
    with_alert(stored)

    assert stored.outbox.acknowledge(KEY, "C2", Acknowledgement("U2", NOW)) is None
    assert (
        stored.outbox.acknowledge(AlertKey("rec1", AlertKind.WARNING, "lost"), "C1", Acknowledgement("U2", NOW)) is None
    )
    assert (
        stored.outbox.acknowledge(AlertKey("nobody", AlertKind.FAILED, "lost"), "C1", Acknowledgement("U2", NOW))
        is None
    )
    kept = stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U3", NOW))
    assert kept is not None
    assert kept.acknowledgement.by == "U3"


def test_an_acknowledged_alert_is_still_delivered(stored: Stored) -> None:
    with_alert(stored)
    stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U2", NOW))
    (job,) = stored.outbox.due()
    epoch = stored.succeed()
    stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U3", NOW))
    stored.outbox.mark_delivered(job.id, "1.0", NOW, epoch)

    assert job.alert == FAILED
    assert stored.outbox.due() == []
    assert stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U3", NOW)) == AcknowledgedAlert(
        FAILED, Acknowledgement("U2", NOW)
    )


def test_only_the_first_acknowledgement_writes_an_event(stored: Stored) -> None:
    with_alert(stored)
    audit_event = AuditEvent(
        at=at(5),
        who="U2",
        what=AuditAction.ACKNOWLEDGED_ALERT,
        source=Source.BUTTON,
        recording_id="rec1",
        slack_channel="C1",
    )
    stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U2", at(5)), audit_event)
    stored.outbox.acknowledge(KEY, "C1", Acknowledgement("U3", at(9)), replace(audit_event, who="U3"))

    assert stored.audit_log.all() == [audit_event]


# resolved warnings


def warning(reason: Reason = Reason.SILENT, cause: str = "w", **facts: object) -> Alert:
    return an_alert(up(), kind=AlertKind.WARNING, reason=reason, cause=cause, **facts)


def recovery(reason: Reason = Reason.SILENT, cause: str = "r", **facts: object) -> Alert:
    return an_alert(up(), kind=AlertKind.RECOVERED, reason=reason, cause=cause, **{"raised_at": at(60)} | facts)


def deliver(stored: Stored) -> None:
    """Slack gets everything that is in the outbox."""
    while jobs := stored.outbox.due():
        for job in jobs:
            stored.outbox.mark_delivered(job.id, f"{job.id}.1", NOW, stored.epoch)


def resolved_causes(stored: Stored) -> list[str]:
    return [job.alert.cause for job in stored.outbox.due_resolutions()]


def test_a_recovery_resolves_its_warning_whatever_its_cause(stored: Stored) -> None:
    raise_alerts(stored, warning(cause="silent-1"))
    deliver(stored)
    assert stored.outbox.due_resolutions() == []
    raise_alerts(stored, recovery(cause="silent-2"))

    (job,) = stored.outbox.due_resolutions()

    assert (job.alert, job.ts, job.resolved_at, job.due_at) == (warning(cause="silent-1"), "1.1", at(60), at(60))
    assert (job.acknowledgement, job.tries, job.direct) == (None, 0, False)
    assert stored.outbox.resolution(job.id) == job


@pytest.mark.parametrize(
    ("warned", "recovered"),
    [
        (Reason.IN_BACKUP, Reason.NOT_DELIVERED),
        (Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED),
        (Reason.NOTHING_STORED, Reason.NOTHING_STORED),
    ],
)
def test_a_recovery_resolves_the_warnings_that_led_to_its_own(
    stored: Stored, warned: Reason, recovered: Reason
) -> None:
    raise_alerts(stored, warning(warned), warning(Reason.UPLOAD_FAILING, "other"), recovery(recovered))
    deliver(stored)

    assert resolved_causes(stored) == ["w"]


def test_only_warnings_of_the_same_recording_since_the_last_recovery_are_resolved(stored: Stored) -> None:
    raise_alerts(stored, warning(cause="first"), recovery(cause="1"))
    deliver(stored)
    (first,) = stored.outbox.due_resolutions()
    stored.outbox.mark_resolution_shown(first.id, None, stored.epoch)
    raise_alerts(stored, an_alert(in_channel("C2"), kind=AlertKind.WARNING, reason=Reason.SILENT, cause="elsewhere"))
    raise_alerts(stored, warning(cause="second"), recovery(cause="2", raised_at=at(90)))
    deliver(stored)

    assert [(job.alert.cause, job.resolved_at) for job in stored.outbox.due_resolutions()] == [("second", at(90))]


def test_the_recovery_of_an_incident_resolves_the_warning_in_the_thread_of_another_recording(stored: Stored) -> None:
    raise_alerts(stored, warning(Reason.AGORA_UNREACHABLE, "here"))
    other = up(id="other", agora_channel="other", card_ts="2.1")
    raise_alerts(stored, an_alert(other, kind=AlertKind.WARNING, reason=Reason.UNAUTHORIZED, cause="there"))
    elsewhere = in_channel("C2")
    raise_alerts(stored, an_alert(elsewhere, kind=AlertKind.WARNING, reason=Reason.AGORA_UNREACHABLE, cause="C2"))
    raise_alerts(stored, an_alert(other, kind=AlertKind.RECOVERED, reason=Reason.UNAUTHORIZED, cause="r"))
    deliver(stored)

    assert sorted(resolved_causes(stored)) == ["here", "there"]


def test_a_warning_without_a_message_is_not_edited(stored: Stored) -> None:
    raise_alerts(stored, warning(), recovery())
    (job,) = stored.outbox.due()

    assert job.resolved_at == at(60), "it is posted as resolved"
    assert stored.outbox.due_resolutions() == []
    stored.outbox.drop(job.id, "is_archived", NOW, stored.epoch)
    assert stored.outbox.due_resolutions() == []


def test_a_deferred_resolution_is_due_later_and_counts_its_tries(stored: Stored) -> None:
    raise_alerts(stored, warning(), recovery())
    deliver(stored)
    (job,) = stored.outbox.due_resolutions()

    stored.outbox.defer_resolution(job.id, at(99), stored.epoch)

    (job,) = stored.outbox.due_resolutions()
    assert (job.due_at, job.tries) == (at(99), 1)
    stored.outbox.drop_resolution(job.id, stored.epoch)
    assert stored.outbox.due_resolutions() == []
    assert stored.outbox.resolution(job.id) is None


def test_a_resolution_stays_due_if_somebody_acknowledged_the_warning_meanwhile(stored: Stored) -> None:
    raise_alerts(stored, warning(), recovery())
    deliver(stored)
    (job,) = stored.outbox.due_resolutions()
    acknowledged = stored.outbox.acknowledge(AlertKey.of(warning()), "C1", Acknowledgement("U2", at(70)))
    assert acknowledged == AcknowledgedAlert(warning(), Acknowledgement("U2", at(70)), at(60))

    stored.outbox.mark_resolution_shown(job.id, job.acknowledgement, stored.epoch)
    (job,) = stored.outbox.due_resolutions()
    assert job.acknowledgement == Acknowledgement("U2", at(70))

    stored.outbox.mark_resolution_shown(job.id, job.acknowledgement, stored.epoch)
    assert stored.outbox.due_resolutions() == []


def test_only_the_leader_marks_a_resolution(stored: Stored) -> None:
    raise_alerts(stored, warning(), recovery())
    deliver(stored)
    (job,) = stored.outbox.due_resolutions()
    stored.succeed()

    with pytest.raises(LeaseLost):
        stored.outbox.mark_resolution_shown(job.id, None, stored.epoch)
    with pytest.raises(LeaseLost):
        stored.outbox.defer_resolution(job.id, at(99), stored.epoch)
    with pytest.raises(LeaseLost):
        stored.outbox.drop_resolution(job.id, stored.epoch)
    assert stored.outbox.due_resolutions() == [job]
