"""How a recording ends or fails, and how a recorder is given up."""

from __future__ import annotations

from dataclasses import replace

from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.inventory import expected_files
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State

_ANNOUNCED = frozenset({Reason.IDLE, Reason.TIME_LIMIT, Reason.STOPPED_ELSEWHERE, Reason.LEFT})


def fail(recording: Recording, recorder: Recorder | None, reason: Reason, detail: str, turn: Turn) -> Change:
    """The recording did not start, or died. A recorder that may still be running is not wanted any more."""
    failed = replace(_finish(recording.with_state(State.FAILED), reason, turn), detail=detail)
    alerts = () if reason is Reason.UNDELIVERABLE else (Alert.raised(AlertKind.FAILED, reason, failed, turn.now),)
    return Change(failed, mark_unwanted(recorder, turn), alerts)


def end(recording: Recording, reason: Reason, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """The recording ended without a failure."""
    ended = mark_ended(recording, reason, turn)
    return Change(ended, recorders, end_alerts(ended, turn))


def mark_ended(recording: Recording, reason: Reason, turn: Turn) -> Recording:
    return _finish(recording.with_state(State.ENDED), reason, turn)


def end_alerts(ended: Recording, turn: Turn) -> tuple[Alert, ...]:
    """Reports the end to the channel, unless somebody there stopped the recording."""
    stopped_here = ended.reason not in _ANNOUNCED and ended.stop_reason is not Reason.TIME_LIMIT
    if stopped_here or ended.reason is None:
        return ()
    return (Alert.raised(AlertKind.ENDED, ended.reason, ended, turn.now),)


def expects_files(recording: Recording, reason: Reason) -> bool:
    """Whether files can exist that no delivery check has covered yet. An empty call owes none."""
    has_nothing = reason is Reason.NO_MEDIA or recording.nobody_joined
    return recording.delivery is None and bool(expected_files(recording)) and not has_nothing


def _finish(recording: Recording, reason: Reason, turn: Turn) -> Recording:
    return replace(
        recording,
        reason=reason,
        ended_at=recording.ended_at or turn.now,
        next_step_at=turn.now,
        files_awaited=expects_files(recording, reason),
    )


def mark_unwanted(recorder: Recorder | None, turn: Turn) -> tuple[Recorder, ...]:
    """The recorder, if there is one, as unwanted: `cleanup` ends it. One that was never started is gone at once."""
    if recorder is None or recorder.gone_at is not None:
        return ()
    never_ran = recorder.start_sent_at is None
    return (
        replace(
            recorder,
            wanted=False,
            gone_at=turn.now if never_ran else None,
            next_step_at=turn.now,
            tries=0,
            not_found_since=None,
        ),
    )


def mark_gone(recorder: Recorder, turn: Turn) -> tuple[Recorder, ...]:
    """The recorder as gone, because Agora says so or because its token has expired."""
    return (replace(recorder, wanted=False, gone_at=turn.now),)
