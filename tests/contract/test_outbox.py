"""Alerts: once for the same thing, in order for each Slack channel, until Slack has them. Troubles: open, then not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import Alert, AlertKind, Incident
from recordings.model.delivery import Delivery
from recordings.model.options import AppliedLayout, Layout, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import Recording
from tests.contract.conftest import Stored
from tests.contract.test_steps import DELIVERY
from tests.fakes.rows import NOW, a_delivery, an_alert, at, over, up


def raised(stored: Stored, *alerts: Alert) -> None:
    for alert in alerts:
        known = stored.recordings.recording(alert.recording.id)
        before = known or stored.added(alert.recording)
        stored.saved(before, Change(before, alerts=(alert,)))


def in_channel(name: str, **facts: object) -> Recording:
    return up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1", **facts)


def test_an_alert_tells_what_the_recording_was_when_it_was_raised(stored: Stored) -> None:
    then = over(detail="<Agora's> words", files=("a.mp4", "b.m3u8"), stop_reason=Reason.TIME_LIMIT)
    raised(stored, an_alert(then))
    stored.saved(stored.now_is(), replace(stored.now_is(), detail="later words", card_ts="9.9"))

    (job,) = stored.outbox.waiting()

    assert job.alert == an_alert(then)
    assert (job.card_ts, job.tries, job.due_at) == ("9.9", 0, NOW), "the thread is that of today's card"


@pytest.mark.parametrize("delivery", [None, Delivery(), DELIVERY, a_delivery()])
def test_an_alert_tells_what_was_in_the_bucket_when_it_was_raised(stored: Stored, delivery: Delivery | None) -> None:
    then = over(delivery=delivery, files_awaited=True)
    raised(stored, an_alert(then, kind=AlertKind.FILES, reason=None, cause="files"))
    stored.saved(stored.now_is(), replace(stored.now_is(), delivery=a_delivery(1, 2, 3), files_awaited=False))

    (job,) = stored.outbox.waiting()

    assert job.alert.recording == then


def test_an_alert_tells_how_the_recording_was_made(stored: Stored) -> None:
    wish = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(20)}
    then = up(
        options=Options(resolution=Resolution.P1080), applied_layout=AppliedLayout(big_uid=7, refused_at=at(20)), **wish
    )
    raised(stored, an_alert(then, cause="layout"))

    (job,) = stored.outbox.waiting()

    assert job.alert.recording == then


def test_the_same_alert_is_kept_once(stored: Stored) -> None:
    raised(stored, an_alert(), an_alert(raised_at=at(9)))
    (job,) = stored.outbox.waiting()
    stored.outbox.delivered(job.id, "1.1", NOW, stored.epoch)
    raised(stored, an_alert())

    assert stored.outbox.waiting() == []


def test_another_kind_or_another_cause_is_another_alert(stored: Stored) -> None:
    raised(stored, an_alert(), an_alert(kind=AlertKind.WARNING), an_alert(cause="other"))

    seen = []
    while jobs := stored.outbox.waiting():
        seen.append((jobs[0].alert.kind, jobs[0].alert.cause))
        stored.outbox.delivered(jobs[0].id, "1.1", NOW, stored.epoch)
    assert seen == [(AlertKind.FAILED, "lost"), (AlertKind.WARNING, "lost"), (AlertKind.FAILED, "other")]


def test_each_slack_channel_has_its_oldest_alert_waiting(stored: Stored) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raised(stored, an_alert(one, cause="1"), an_alert(two, cause="2"), an_alert(one, cause="3"))

    assert [job.alert.cause for job in stored.outbox.waiting()] == ["1", "2"]


def test_a_deferred_alert_holds_up_its_own_channel_and_no_other(stored: Stored) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raised(stored, an_alert(one, cause="1"), an_alert(one, cause="2"), an_alert(two, cause="3"))
    first = next(job for job in stored.outbox.waiting() if job.alert.cause == "1")

    stored.outbox.deferred(first.id, at(30), "ratelimited", stored.epoch)

    waiting = {job.alert.cause: (job.due_at, job.tries) for job in stored.outbox.waiting()}
    assert waiting == {"1": (at(30), 1), "3": (NOW, 0)}


def test_a_dropped_alert_makes_way_for_the_next(stored: Stored) -> None:
    raised(stored, an_alert(cause="1"), an_alert(cause="2"))
    stored.outbox.dropped(stored.outbox.waiting()[0].id, "is_archived", NOW, stored.epoch)

    assert [job.alert.cause for job in stored.outbox.waiting()] == ["2"]


def test_an_alert_that_the_channel_refuses_goes_to_a_person_with_fresh_tries(stored: Stored) -> None:
    raised(stored, an_alert())
    (job,) = stored.outbox.waiting()
    stored.outbox.deferred(job.id, NOW, "ratelimited", stored.epoch)

    stored.outbox.redirected(job.id, "is_archived", stored.epoch)

    (job,) = stored.outbox.waiting()
    assert (job.direct, job.tries) == (True, 0)


def a_trouble(**facts: object) -> Incident:
    known: dict[str, object] = {
        "id": "t1",
        "slack_channel": "C1",
        "reason": Reason.AGORA_UNREACHABLE,
        "recording_id": "rec1",
        "opened_at": NOW,
    }
    return Incident(**(known | facts))  # type: ignore[arg-type]


def test_a_trouble_is_open_until_it_is_closed_and_each_is_told(stored: Stored) -> None:
    recording = stored.added(up())
    warning = an_alert(recording, kind=AlertKind.WARNING, cause="t1")
    stored.incidents.save(Review((a_trouble(),), (warning,)), stored.epoch)

    assert stored.incidents.open() == [(a_trouble(), recording)]
    assert [job.alert for job in stored.outbox.waiting()] == [warning]

    stored.incidents.save(Review((a_trouble(closed_at=at(9)),), ()), stored.epoch)
    assert stored.incidents.open() == []


def test_an_open_trouble_comes_with_its_recording_as_it_is_now(stored: Stored) -> None:
    before = stored.added(up())
    stored.incidents.save(Review((a_trouble(),), ()), stored.epoch)
    after = stored.saved(before, over())

    assert stored.incidents.open() == [(a_trouble(), after)]


def test_a_closed_trouble_leaves_room_for_another(stored: Stored) -> None:
    stored.added(up())
    stored.incidents.save(Review((a_trouble(),), ()), stored.epoch)
    stored.incidents.save(Review((a_trouble(closed_at=at(9)), a_trouble(id="t2")), ()), stored.epoch)

    assert [incident.id for incident, _ in stored.incidents.open()] == ["t2"]


def test_a_pause_is_noted_on_the_recordings_that_nobody_watched_and_shown_on_their_cards(
    stored: Stored,
) -> None:
    before = stored.added(up(slack_channel="C1", card_ts="1.1"))
    stored.added(up(id="other", agora_channel="other"))
    warning = an_alert(before, kind=AlertKind.WARNING, reason=Reason.UNWATCHED, cause="unwatched")

    stored.incidents.save_downtime(Downtime(at(1), at(9)), [before], [warning], stored.epoch)

    row, other = stored.now_is(), stored.now_is("other")
    assert (row.unwatched_from, row.unwatched_to) == (at(1), at(9))
    assert (other.unwatched_from, other.unwatched_to) == (None, None)
    assert ("rec1", at(9)) in stored.recordings.undrawn(10)
    assert [job.alert for job in stored.outbox.waiting()] == [warning]
