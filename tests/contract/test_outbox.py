"""Alerts: once for the same thing, in order for each Slack channel, until Slack has them. Troubles: open, then not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Pause, Review
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery
from recordings.model.incidents import Trouble
from recordings.model.options import Layout, Options, Resolution, Shown
from recordings.model.recording import Reason, Recording
from tests.contract.conftest import Stores
from tests.contract.test_steps import DELIVERY
from tests.fakes.rows import NOW, a_delivery, an_alert, at, over, up


def raised(stores: Stores, *alerts: Alert) -> None:
    for alert in alerts:
        known = stores.recordings.recording(alert.recording.id)
        before = known or stores.added(alert.recording)
        stores.saved(before, Change(before, alerts=(alert,)))


def in_channel(name: str, **facts: object) -> Recording:
    return up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1", **facts)


def test_an_alert_tells_what_the_recording_was_when_it_was_raised(stores: Stores) -> None:
    then = over(detail="<Agora's> words", files=("a.mp4", "b.m3u8"), ending=Reason.TIME_LIMIT)
    raised(stores, an_alert(then))
    stores.saved(stores.now_is(), replace(stores.now_is(), detail="later words", card_ts="9.9"))

    (job,) = stores.outbox.waiting()

    assert job.alert == an_alert(then)
    assert (job.card_ts, job.tries, job.due_at) == ("9.9", 0, NOW), "the thread is that of today's card"


@pytest.mark.parametrize("delivery", [None, Delivery(), DELIVERY, a_delivery()])
def test_an_alert_tells_what_was_in_the_bucket_when_it_was_raised(stores: Stores, delivery: Delivery | None) -> None:
    then = over(delivery=delivery, files_awaited=True)
    raised(stores, an_alert(then, kind=AlertKind.FILES, reason=None, cause="files"))
    stores.saved(stores.now_is(), replace(stores.now_is(), delivery=a_delivery(1, 2, 3), files_awaited=False))

    (job,) = stores.outbox.waiting()

    assert job.alert.recording == then


def test_an_alert_tells_how_the_recording_was_made(stores: Stores) -> None:
    wish = {"layout_wanted": Layout.SPEAKER, "layout_wanted_by": "U2", "layout_wanted_at": at(20)}
    then = up(options=Options(resolution=Resolution.P1080), shown=Shown(big_uid=7, refused_at=at(20)), **wish)
    raised(stores, an_alert(then, cause="layout"))

    (job,) = stores.outbox.waiting()

    assert job.alert.recording == then


def test_the_same_alert_is_kept_once(stores: Stores) -> None:
    raised(stores, an_alert(), an_alert(raised_at=at(9)))
    (job,) = stores.outbox.waiting()
    stores.outbox.delivered(job.id, "1.1", NOW, stores.epoch)
    raised(stores, an_alert())

    assert stores.outbox.waiting() == []


def test_another_kind_or_another_cause_is_another_alert(stores: Stores) -> None:
    raised(stores, an_alert(), an_alert(kind=AlertKind.WARNING), an_alert(cause="other"))

    seen = []
    while jobs := stores.outbox.waiting():
        seen.append((jobs[0].alert.kind, jobs[0].alert.cause))
        stores.outbox.delivered(jobs[0].id, "1.1", NOW, stores.epoch)
    assert seen == [(AlertKind.FAILED, "lost"), (AlertKind.WARNING, "lost"), (AlertKind.FAILED, "other")]


def test_each_slack_channel_has_its_oldest_alert_waiting(stores: Stores) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raised(stores, an_alert(one, cause="1"), an_alert(two, cause="2"), an_alert(one, cause="3"))

    assert [job.alert.cause for job in stores.outbox.waiting()] == ["1", "2"]


def test_a_deferred_alert_holds_up_its_own_channel_and_no_other(stores: Stores) -> None:
    one, two = in_channel("C1"), in_channel("C2")
    raised(stores, an_alert(one, cause="1"), an_alert(one, cause="2"), an_alert(two, cause="3"))
    first = next(job for job in stores.outbox.waiting() if job.alert.cause == "1")

    stores.outbox.deferred(first.id, at(30), "ratelimited", stores.epoch)

    waiting = {job.alert.cause: (job.due_at, job.tries) for job in stores.outbox.waiting()}
    assert waiting == {"1": (at(30), 1), "3": (NOW, 0)}


def test_a_dropped_alert_makes_way_for_the_next(stores: Stores) -> None:
    raised(stores, an_alert(cause="1"), an_alert(cause="2"))
    stores.outbox.dropped(stores.outbox.waiting()[0].id, "is_archived", NOW, stores.epoch)

    assert [job.alert.cause for job in stores.outbox.waiting()] == ["2"]


def test_an_alert_that_the_channel_refuses_goes_to_a_person_with_fresh_tries(stores: Stores) -> None:
    raised(stores, an_alert())
    (job,) = stores.outbox.waiting()
    stores.outbox.deferred(job.id, NOW, "ratelimited", stores.epoch)

    stores.outbox.redirected(job.id, "is_archived", stores.epoch)

    (job,) = stores.outbox.waiting()
    assert (job.direct, job.tries) == (True, 0)


def a_trouble(**facts: object) -> Trouble:
    known: dict[str, object] = {
        "id": "t1",
        "slack_channel": "C1",
        "reason": Reason.AGORA_UNREACHABLE,
        "recording_id": "rec1",
        "opened_at": NOW,
    }
    return Trouble(**(known | facts))  # type: ignore[arg-type]


def test_a_trouble_is_open_until_it_is_closed_and_each_is_told(stores: Stores) -> None:
    recording = stores.added(up())
    warning = an_alert(recording, kind=AlertKind.WARNING, cause="t1")
    stores.troubles.save(Review((a_trouble(),), (warning,)), stores.epoch)

    assert stores.troubles.open() == [(a_trouble(), recording)]
    assert [job.alert for job in stores.outbox.waiting()] == [warning]

    stores.troubles.save(Review((a_trouble(closed_at=at(9)),), ()), stores.epoch)
    assert stores.troubles.open() == []


def test_an_open_trouble_comes_with_its_recording_as_it_is_now(stores: Stores) -> None:
    before = stores.added(up())
    stores.troubles.save(Review((a_trouble(),), ()), stores.epoch)
    after = stores.saved(before, over())

    assert stores.troubles.open() == [(a_trouble(), after)]


def test_a_closed_trouble_leaves_room_for_another(stores: Stores) -> None:
    stores.added(up())
    stores.troubles.save(Review((a_trouble(),), ()), stores.epoch)
    stores.troubles.save(Review((a_trouble(closed_at=at(9)), a_trouble(id="t2")), ()), stores.epoch)

    assert [trouble.id for trouble, _ in stores.troubles.open()] == ["t2"]


def test_a_pause_is_noted_on_the_recordings_that_nobody_watched_and_shown_on_their_cards(stores: Stores) -> None:
    before = stores.added(up(slack_channel="C1", card_ts="1.1"))
    stores.added(up(id="other", agora_channel="other"))
    warning = an_alert(before, kind=AlertKind.WARNING, reason=Reason.UNWATCHED, cause="unwatched")

    stores.troubles.save_pause(Pause(at(1), at(9)), [before], [warning], stores.epoch)

    row, other = stores.now_is(), stores.now_is("other")
    assert (row.unwatched_from, row.unwatched_to) == (at(1), at(9))
    assert (other.unwatched_from, other.unwatched_to) == (None, None)
    assert ("rec1", at(9)) in stores.recordings.undrawn(10)
    assert [job.alert for job in stores.outbox.waiting()] == [warning]
