"""Timeline entries: written together with the change that they report, and due until Slack has them, after alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.options import AppliedLayout, Layout
from recordings.model.recording import Recording, State
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tests.contract.conftest import Stored
from tests.fakes.intents import request_stop, set_end, set_layout
from tests.fakes.rows import NOW, an_alert, at, changed, up


def extend(stored: Stored, recording: Recording, seconds: float, by: str = "U2") -> None:
    set_end(stored.recordings, recording.id, by, at(seconds), lambda _: at(3_600 + seconds))


def in_channel(stored: Stored, name: str) -> Recording:
    return stored.added(up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1"))


def test_an_extension_adds_an_entry_for_the_thread_of_the_card(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    extend(stored, recording, 5)

    (job,) = stored.timeline.due()

    assert job.entry == TimelineEntry(
        recording_id="rec-C1", slack_channel="C1", at=at(5), what=TimelineEvent.EXTENDED, who="U2", moment=at(3_605)
    )
    assert (job.card_ts, job.due_at, job.tries) == ("C1.1", at(5), 0)


def test_a_chosen_layout_adds_an_entry_once_the_recorder_has_it(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    _, chosen = set_layout(stored.recordings, recording.id, Layout.SPEAKER, "U2", at(5))
    assert stored.timeline.due() == []

    stored.saved(chosen, replace(chosen, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7)))

    (job,) = stored.timeline.due()
    entry = job.entry
    assert (entry.what, entry.who, entry.layout) == (TimelineEvent.LAYOUT, "U2", Layout.SPEAKER)


def test_a_requested_stop_adds_no_entry(stored: Stored) -> None:
    request_stop(stored.recordings, in_channel(stored, "C1").id, "U2", at(5))

    assert stored.timeline.due() == []


def test_an_intent_that_changes_nothing_adds_no_entry(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    set_end(stored.recordings, recording.id, "U2", NOW, lambda _: None)

    assert stored.timeline.due() == []


def test_a_recorder_that_is_found_again_adds_an_entry(stored: Stored) -> None:
    lost = stored.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stored.saved(lost, changed(lost.with_state(State.RECORDING), not_found=0, not_found_since=None))

    (job,) = stored.timeline.due()

    assert (job.entry.what, job.entry.moment, job.entry.who) == (TimelineEvent.FOUND_AGAIN, at(-30), "")


def test_a_step_of_a_former_leader_adds_no_entry(stored: Stored) -> None:
    lost = stored.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.saved(lost, lost.with_state(State.RECORDING))

    assert stored.timeline.due() == []


def test_the_oldest_undelivered_entry_of_each_slack_channel_is_due(stored: Stored) -> None:
    one, two = in_channel(stored, "C1"), in_channel(stored, "C2")
    for recording, seconds in ((one, 1), (two, 2), (one, 3)):
        extend(stored, recording, seconds)

    assert [(job.entry.slack_channel, job.entry.at) for job in stored.timeline.due()] == [
        ("C1", at(1)),
        ("C2", at(2)),
    ]


def test_the_next_entry_is_due_after_one_is_delivered(stored: Stored) -> None:
    recording = in_channel(stored, "C1")
    extend(stored, recording, 1)
    extend(stored, recording, 2)
    stored.timeline.mark_delivered(stored.timeline.due()[0].id, NOW, stored.epoch)

    assert [job.entry.at for job in stored.timeline.due()] == [at(2)]


def test_a_deferred_entry_is_due_later(stored: Stored) -> None:
    extend(stored, in_channel(stored, "C1"), 1)
    stored.timeline.defer(stored.timeline.due()[0].id, at(60), stored.epoch)

    assert [(job.due_at, job.tries) for job in stored.timeline.due()] == [(at(60), 1)]


def test_entries_wait_for_the_alerts_of_their_slack_channel(stored: Stored) -> None:
    one, two = in_channel(stored, "C1"), in_channel(stored, "C2")
    extend(stored, one, 1)
    extend(stored, two, 2)
    now = stored.now_is(one.id)
    stored.saved(now, Change(now, alerts=(an_alert(now),)))
    assert [job.entry.slack_channel for job in stored.timeline.due()] == ["C2"]

    stored.outbox.mark_delivered(stored.outbox.due()[0].id, "1.1", NOW, stored.epoch)

    assert [job.entry.slack_channel for job in stored.timeline.due()] == ["C1", "C2"]


def test_a_former_leader_marks_no_entry_as_delivered(stored: Stored) -> None:
    extend(stored, in_channel(stored, "C1"), 1)
    (job,) = stored.timeline.due()
    stored.succeed()
    with pytest.raises(LeaseLost):
        stored.timeline.mark_delivered(job.id, NOW, stored.epoch)
    with pytest.raises(LeaseLost):
        stored.timeline.defer(job.id, NOW, stored.epoch)

    assert [job.tries for job in stored.timeline.due()] == [0]
