"""What happened is written down with what makes it happen, and stays due until Slack has it; alerts go first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.recording import Recording, State
from recordings.model.timeline import Happening, Line
from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, an_alert, at, up


def extended(stores: Stores, recording: Recording, seconds: float, by: str = "U2") -> None:
    stores.recordings.wish_end(recording.id, by, at(seconds), lambda _: at(3_600 + seconds))


def in_channel(stores: Stores, name: str) -> Recording:
    return stores.added(up(id=f"rec-{name}", slack_channel=name, agora_channel=name, card_ts=f"{name}.1"))


def test_an_extension_is_a_line_for_the_thread_of_the_card(stores: Stores) -> None:
    recording = in_channel(stores, "C1")
    extended(stores, recording, 5)

    (job,) = stores.story.waiting()

    assert job.line == Line(
        recording_id="rec-C1", slack_channel="C1", at=at(5), what=Happening.EXTENDED, who="U2", moment=at(3_605)
    )
    assert (job.card_ts, job.due_at, job.tries) == ("C1.1", at(5), 0)


def test_a_wish_that_changes_nothing_is_none(stores: Stores) -> None:
    recording = in_channel(stores, "C1")
    stores.recordings.wish_end(recording.id, "U2", NOW, lambda _: None)

    assert stores.story.waiting() == []


def test_a_recorder_that_is_found_again_is_a_line(stores: Stores) -> None:
    lost = stores.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stores.saved(lost, replace(lost.moved(State.RECORDING), not_found=0, not_found_since=None))

    (job,) = stores.story.waiting()

    assert (job.line.what, job.line.moment, job.line.who) == (Happening.FOUND_AGAIN, at(-30), "")


def test_a_step_of_a_replica_that_was_succeeded_is_none(stores: Stores) -> None:
    lost = stores.added(up(state=State.INTERRUPTED, not_found=2, not_found_since=at(-30)))
    stores.succeed()
    with pytest.raises(LeaseLost):
        stores.saved(lost, lost.moved(State.RECORDING))

    assert stores.story.waiting() == []


def test_each_slack_channel_has_its_oldest_line_waiting(stores: Stores) -> None:
    one, two = in_channel(stores, "C1"), in_channel(stores, "C2")
    for recording, seconds in ((one, 1), (two, 2), (one, 3)):
        extended(stores, recording, seconds)

    assert [(job.line.slack_channel, job.line.at) for job in stores.story.waiting()] == [("C1", at(1)), ("C2", at(2))]


def test_a_line_that_is_told_makes_room_for_the_next(stores: Stores) -> None:
    recording = in_channel(stores, "C1")
    extended(stores, recording, 1)
    extended(stores, recording, 2)
    stores.story.told(stores.story.waiting()[0].id, NOW, stores.epoch)

    assert [job.line.at for job in stores.story.waiting()] == [at(2)]


def test_a_deferred_line_is_due_later(stores: Stores) -> None:
    extended(stores, in_channel(stores, "C1"), 1)
    stores.story.deferred(stores.story.waiting()[0].id, at(60), stores.epoch)

    assert [(job.due_at, job.tries) for job in stores.story.waiting()] == [(at(60), 1)]


def test_lines_wait_for_the_alerts_of_their_slack_channel(stores: Stores) -> None:
    one, two = in_channel(stores, "C1"), in_channel(stores, "C2")
    extended(stores, one, 1)
    extended(stores, two, 2)
    now = stores.now_is(one.id)
    stores.saved(now, Change(now, alerts=(an_alert(now),)))
    assert [job.line.slack_channel for job in stores.story.waiting()] == ["C2"]

    stores.outbox.delivered(stores.outbox.waiting()[0].id, "1.1", NOW, stores.epoch)

    assert [job.line.slack_channel for job in stores.story.waiting()] == ["C1", "C2"]


def test_nobody_who_was_succeeded_marks_a_line_as_told(stores: Stores) -> None:
    extended(stores, in_channel(stores, "C1"), 1)
    (job,) = stores.story.waiting()
    stores.succeed()
    with pytest.raises(LeaseLost):
        stores.story.told(job.id, NOW, stores.epoch)
    with pytest.raises(LeaseLost):
        stores.story.deferred(job.id, NOW, stores.epoch)

    assert [job.tries for job in stores.story.waiting()] == [0]
