"""The layout of a recording: which one it should have, and how it gets it.

Agora's answers to a layout change say nothing about the recording: after a refusal the change is given up and reported,
after any other error it is tried again. Doc page: cloud-recording/rest-api/update-layout.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from recordings.errors import AgoraError, AgoraRefused, NotFound, Unauthorized
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.policy import Turn
from recordings.model.options import AppliedLayout, Layout, Options
from recordings.model.recording import Recording, State


def initial_layout(recording: Recording, outcome: Outcome) -> AppliedLayout:
    """The layout with which a new recorder is started. It stays the same in every try to start that recorder.

    In the speaker layout Agora has to know who is large. If nobody is there yet, the recorder starts with a grid.
    """
    refused_at = recording.applied_layout.refused_at
    if not recording.options.has_picture:
        return AppliedLayout(refused_at=refused_at)
    uid = large_uid(recording, outcome)
    layout = Layout.GRID if _has_nobody_to_show(recording, outcome) else recording.layout
    return AppliedLayout(layout=layout, big_uid=uid, refused_at=refused_at)


def start_options(recording: Recording) -> Options:
    """The options with which its recorder is started."""
    return replace(recording.options, layout=recording.current_layout)


def is_pending(recording: Recording) -> bool:
    """Whether the recording should have another layout than it has."""
    can_change = recording.options.has_picture and is_ongoing(recording)
    return can_change and recording.current_layout is not recording.layout


def is_change_due(recording: Recording, turn: Turn) -> bool:
    """Whether to change the layout now. It is pointless while Agora does not find the recorder."""
    can_change = recording.state is State.RECORDING and is_pending(recording)
    due_at = recording.applied_layout.due_at
    return can_change and (due_at is None or turn.past(due_at))


def large_uid(recording: Recording, outcome: Outcome) -> int | None:
    """Who is large in the speaker layout: the lowest uid in the call, so that every try chooses the same one. None in
    another layout, or if nobody is there."""
    if recording.layout is not Layout.SPEAKER:
        return None
    return min((uid for uid in outcome.people or () if uid > 0), default=None)


def _has_nobody_to_show(recording: Recording, outcome: Outcome) -> bool:
    return recording.layout is Layout.SPEAKER and large_uid(recording, outcome) is None


def after_layout_change(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """What Agora's answer means for the layout. For the recording it means nothing."""
    applied, error = recording.applied_layout, outcome.error
    next_query_at = (recording.probe.queried_at or turn.now) + timedelta(seconds=turn.policy.query_interval)
    recording = replace(recording, next_step_at=max(turn.now, next_query_at))
    if error is None and _has_nobody_to_show(recording, outcome):
        applied = replace(applied, due_at=turn.later(turn.policy.query_interval))
    elif error is None:
        applied = AppliedLayout(layout=recording.layout, big_uid=large_uid(recording, outcome))
    elif isinstance(error, AgoraRefused) and not isinstance(error, Unauthorized):
        refused_at = recording.intent.layout_at or recording.requested_at
        applied = replace(applied, tries=0, due_at=None, refused_at=refused_at, refusal=str(error))
    else:
        return Change(_retry_later(recording, error, turn))
    return Change(replace(recording, applied_layout=applied))


def _retry_later(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """Tries again, in the end once per query interval. If the recorder was not found, a query comes first."""
    tries = recording.applied_layout.tries + 1
    retry_at = turn.retry_at(tries, retry_after=error.retry_after, patient=True)
    next_step_at = recording.next_step_at
    if isinstance(error, NotFound):
        retry_at, next_step_at = max(retry_at, turn.later(turn.policy.soon)), turn.now
    applied = replace(recording.applied_layout, tries=tries, due_at=retry_at)
    return replace(recording, next_step_at=next_step_at, applied_layout=applied)


def schedule_next_try(recording: Recording, turn: Turn) -> Recording:
    """Makes the next step no later than the next try to change the layout."""
    if recording.state is not State.RECORDING or not is_pending(recording):
        return recording
    retry_at = max(turn.now, recording.applied_layout.due_at or turn.now)
    return replace(recording, next_step_at=min(recording.next_step_at, retry_at))
