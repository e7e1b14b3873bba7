"""What happened is written down with what makes it happen, and stays due until Slack has it; alerts go first."""

from __future__ import annotations

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.recording import Recording, State
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tests.contract.conftest import Stored
from tests.fakes.intents import set_end
from tests.fakes.rows import NOW, an_alert, at, changed, up


def extended(stored: Stored, recording: Recording, seconds: float, by: str = "U2") -> None:
    set_end(stored.recordings, recording.id, by, at(seconds), lambda _: at(3_600 + seconds))


def in_channel(stored: Stored, name: str) -> Recording:
    return stored.added(up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1"))


def test_an_extension_is_a_line_for_the_thread_of_the_card(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    extended(stored, recording, 5)

    (job,) = stored.timeline.waiting()

    assert job.entry == TimelineEntry(
        recording_id="rec-C1", slack_channel="C1", at=at(5), what=TimelineEvent.EXTENDED, who="U2", moment=at(3_605)
    )
    assert (job.card_ts, job.due_at, job.tries) == ("C1.1", at(5), 0)


def test_a_wish_that_changes_nothing_is_none(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    set_end(stored.recordings, recording.id, "U2", NOW, lambda _: None)

    assert stored.timeline.waiting() == []


def test_a_recorder_that_is_found_again_is_a_line(stored: Stored) -> None:
    lost = stored.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stored.saved(lost, changed(lost.with_state(State.RECORDING), not_found=0, not_found_since=None))

    (job,) = stored.timeline.waiting()

    assert (job.entry.what, job.entry.moment, job.entry.who) == (TimelineEvent.FOUND_AGAIN, at(-30), "")


def test_a_step_of_a_replica_that_was_succeeded_is_none(stored: Stored) -> None:
    lost = stored.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.saved(lost, lost.with_state(State.RECORDING))

    assert stored.timeline.waiting() == []


def test_each_slack_channel_has_its_oldest_line_waiting(stored: Stored) -> None:
    one, two = in_channel(stored, "C1"), in_channel(stored, "C2")
    for recording, seconds in ((one, 1), (two, 2), (one, 3)):
        extended(stored, recording, seconds)

    assert [(job.entry.slack_channel, job.entry.at) for job in stored.timeline.waiting()] == [
        ("C1", at(1)),
        ("C2", at(2)),
    ]


def test_a_line_that_is_told_makes_room_for_the_next(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    extended(stored, recording, 1)
    extended(stored, recording, 2)
    stored.timeline.mark_delivered(stored.timeline.waiting()[0].id, NOW, stored.epoch)

    assert [job.entry.at for job in stored.timeline.waiting()] == [at(2)]


def test_a_deferred_line_is_due_later(stored: Stored) -> None:
    extended(stored, in_channel(stored, "C1"), 1)
    stored.timeline.deferred(stored.timeline.waiting()[0].id, at(60), stored.epoch)

    assert [(job.due_at, job.tries) for job in stored.timeline.waiting()] == [(at(60), 1)]


def test_lines_wait_for_the_alerts_of_their_slack_channel(stored: Stored) -> None:
    one, two = in_channel(stored, "C1"), in_channel(stored, "C2")
    extended(stored, one, 1)
    extended(stored, two, 2)
    now = stored.now_is(one.id)
    stored.saved(now, Change(now, alerts=(an_alert(now),)))
    assert [job.entry.slack_channel for job in stored.timeline.waiting()] == ["C2"]

    stored.outbox.delivered(stored.outbox.waiting()[0].id, "1.1", NOW, stored.epoch)

    assert [job.entry.slack_channel for job in stored.timeline.waiting()] == ["C1", "C2"]


def test_nobody_who_was_succeeded_marks_a_line_as_told(stored: Stored) -> None:
    extended(stored, in_channel(stored, "C1"), 1)
    (job,) = stored.timeline.waiting()
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.timeline.mark_delivered(job.id, NOW, stored.epoch)
    with pytest.raises(LeaseLost):
        stored.timeline.deferred(job.id, NOW, stored.epoch)

    assert [job.tries for job in stored.timeline.waiting()] == [0]
