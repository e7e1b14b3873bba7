"""How a recording comes to its end, for whatever cause."""

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
    """It did not start, or it died. Whatever may run of it at Agora is no longer wanted."""
    failed = replace(_over(recording.moved(State.FAILED), reason, turn), detail=detail)
    alerts = () if reason is Reason.UNDELIVERABLE else (Alert.raised(AlertKind.FAILED, reason, failed, turn.now),)
    return Change(failed, mark_unwanted(recorder, turn), alerts)


def end(recording: Recording, reason: Reason, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """The recording is over, and not by a fault."""
    over = ended(recording, reason, turn)
    return Change(over, recorders, end_alerts(over, turn))


def ended(recording: Recording, reason: Reason, turn: Turn) -> Recording:
    """The recording as it is once it has ended for this reason."""
    return _over(recording.moved(State.ENDED), reason, turn)


def end_alerts(over: Recording, turn: Turn) -> tuple[Alert, ...]:
    """Tells the channel that a recording has ended, unless somebody there stopped it."""
    stopped_here = over.reason not in _ANNOUNCED and over.ending is not Reason.TIME_LIMIT
    if stopped_here or over.reason is None:
        return ()
    return (Alert.raised(AlertKind.ENDED, over.reason, over, turn.now),)


def expects_files(recording: Recording, reason: Reason) -> bool:
    """Whether files can exist that nobody has looked for yet."""
    return recording.delivery is None and bool(expected_files(recording)) and reason is not Reason.NO_MEDIA


def _over(recording: Recording, reason: Reason, turn: Turn) -> Recording:
    return replace(
        recording,
        reason=reason,
        ended_at=recording.ended_at or turn.now,
        next_step_at=turn.now,
        files_awaited=expects_files(recording, reason),
    )


def mark_unwanted(recorder: Recorder | None, turn: Turn) -> tuple[Recorder, ...]:
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


def mark_gone(recorder: Recorder, turn: Turn) -> tuple[Recorder, ...]:
    """The recorder as one that Agora agrees is gone."""
    return (replace(recorder, wanted=False, gone_at=turn.now),)
