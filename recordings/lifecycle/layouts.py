"""The layout of a recording: which one it should have, and how Agora comes to show it.

Pure. Nothing that Agora answers here says anything about the recording: a refusal is told and the wish given up, any
other error is tried again. Doc page: cloud-recording/rest-api/update-layout.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from recordings.errors import AgoraError, AgoraRefused, NotFound, Unauthorized
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.policy import Turn
from recordings.model.options import AppliedLayout, Layout, Options
from recordings.model.recording import Recording, State


def initial_layout(recording: Recording, outcome: Outcome) -> AppliedLayout:
    """What a new recorder begins with. It stays the same for every try to start it, whatever people want meanwhile.

    Agora needs to know who is large; where nobody is there yet it begins as a grid.
    """
    if not recording.options.has_picture:
        return AppliedLayout(refused_at=recording.applied_layout.refused_at)
    big_uid = _large(outcome) if recording.layout is Layout.SPEAKER else None
    alone = recording.layout is Layout.SPEAKER and big_uid is None
    layout = Layout.GRID if alone or is_refused(recording) else recording.layout
    return AppliedLayout(layout=layout, big_uid=big_uid, refused_at=recording.applied_layout.refused_at)


def begun_with(recording: Recording) -> Options:
    """The options that its recorder is started with."""
    return replace(recording.options, layout=recording.current_layout)


def is_refused(recording: Recording) -> bool:
    """Whether Agora refused the layout that it should have."""
    return recording.applied_layout.refused_at == _wished_at(recording)


def is_pending(recording: Recording) -> bool:
    """Whether it should have another layout than it has."""
    wanted = recording.options.has_picture and is_ongoing(recording)
    return wanted and recording.current_layout is not recording.layout and not is_refused(recording)


def _wished_at(recording: Recording) -> datetime:
    return recording.intent.layout_at or recording.requested_at


def _large(outcome: Outcome) -> int | None:
    """Whoever has the lowest uid of those in the call: the same one, whoever asks."""
    return min((uid for uid in outcome.people or () if uid > 0), default=None)


def due(recording: Recording, turn: Turn) -> bool:
    """Whether Agora should be asked now. While it does not find the recorder it is of no use."""
    ready = recording.state is State.RECORDING and is_pending(recording)
    return ready and (recording.applied_layout.due_at is None or turn.past(recording.applied_layout.due_at))


def large_of(recording: Recording, outcome: Outcome) -> int | None:
    """Who is to be large, where somebody has to be."""
    return _large(outcome) if recording.layout is Layout.SPEAKER else None


def nobody_to_show(recording: Recording, outcome: Outcome) -> bool:
    return recording.layout is Layout.SPEAKER and _large(outcome) is None


def after_layout_change(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """What Agora's answer means for the picture; for the recording it means nothing."""
    shown, error = recording.applied_layout, outcome.error
    queried = (recording.probe.queried_at or turn.now) + timedelta(seconds=turn.policy.query_interval)
    then = replace(recording, next_step_at=max(turn.now, queried))
    if error is None and nobody_to_show(recording, outcome):
        return Change(replace(then, applied_layout=replace(shown, due_at=turn.later(turn.policy.query_interval))))
    if error is None:
        return Change(
            replace(then, applied_layout=AppliedLayout(layout=recording.layout, big_uid=large_of(recording, outcome)))
        )
    if isinstance(error, AgoraRefused) and not isinstance(error, Unauthorized):
        return Change(replace(then, applied_layout=_given_up(shown, recording, error)))
    return Change(_later(then, error, turn))


def _given_up(shown: AppliedLayout, recording: Recording, error: AgoraError) -> AppliedLayout:
    return replace(shown, tries=0, due_at=None, refused_at=_wished_at(recording), refusal=str(error))


def _later(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """Tried again, in the end as often as it is queried. Not found: how the recorder is comes first."""
    tries = recording.applied_layout.tries + 1
    again, asked = turn.retry_at(tries, retry_after=error.retry_after, patient=True), recording.next_step_at
    if isinstance(error, NotFound):
        again, asked = max(again, turn.later(turn.policy.soon)), turn.now
    return replace(
        recording, next_step_at=asked, applied_layout=replace(recording.applied_layout, tries=tries, due_at=again)
    )


def in_time(recording: Recording, turn: Turn) -> Recording:
    """The recording with its next step no later than the next try to change its layout."""
    if recording.state is not State.RECORDING or not is_pending(recording):
        return recording
    again = max(turn.now, recording.applied_layout.due_at or turn.now)
    return replace(recording, next_step_at=min(recording.next_step_at, again))
