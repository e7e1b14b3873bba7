"""How a recording comes to its end, for whatever cause."""

from __future__ import annotations

from dataclasses import replace

from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.inventory import sought
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State

_TOLD_TO_THE_CHANNEL = frozenset({Reason.IDLE, Reason.TIME_LIMIT, Reason.STOPPED_ELSEWHERE, Reason.LEFT})


def fail(recording: Recording, recorder: Recorder | None, reason: Reason, detail: str, turn: Turn) -> Change:
    """It did not start, or it died. Whatever may run of it at Agora is no longer wanted."""
    failed = replace(_over(recording.moved(State.FAILED), reason, turn), detail=detail)
    alert = Alert(kind=AlertKind.FAILED, reason=reason, cause=reason, recording=failed, raised_at=turn.now)
    told = () if reason is Reason.UNDELIVERABLE else (alert,)
    return Change(failed, unwanted(recorder, turn), told)


def end(recording: Recording, reason: Reason, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """It is over, and not by a fault. The channel is told where nobody here stopped it."""
    ended = _over(recording.moved(State.ENDED), reason, turn)
    nobody_here = reason in _TOLD_TO_THE_CHANNEL or recording.ending is Reason.TIME_LIMIT
    alert = Alert(kind=AlertKind.ENDED, reason=reason, cause=reason, recording=ended, raised_at=turn.now)
    return Change(ended, recorders, (alert,) if nobody_here else ())


def _over(recording: Recording, reason: Reason, turn: Turn) -> Recording:
    """Its files are looked for where there can be any and nobody has looked yet."""
    awaited = recording.delivery is None and bool(sought(recording)) and reason is not Reason.NO_MEDIA
    return replace(
        recording,
        reason=reason,
        ended_at=recording.ended_at or turn.now,
        next_step_at=turn.now,
        files_awaited=awaited,
    )


def unwanted(recorder: Recorder | None, turn: Turn) -> tuple[Recorder, ...]:
    """The recorder as one that nobody wants any more: to be ended, and seen to be gone."""
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


def gone(recorder: Recorder, turn: Turn) -> tuple[Recorder, ...]:
    """The recorder as one that Agora agrees is gone."""
    return (replace(recorder, wanted=False, gone_at=turn.now),)
