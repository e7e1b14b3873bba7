"""When a recording ends if nobody stops it, how far that end can be moved, and when people are warned of it.

The one place that says so: the engine, the card and the button all ask here. `default_duration`: how many seconds a
recording takes where nobody chose an end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

SHORTEST_SECONDS = 60.0
LONGEST_SECONDS = 23 * 3600.0
"""That somebody can ask for: a recorder lives on a token, and no token outlives 24 h."""
_UP = frozenset({State.RECORDING, State.INTERRUPTED})


def end_of(recording: Recording, default_duration: float) -> datetime:
    """When it is stopped; of one that is not up yet, as it would be if it came up at once."""
    if recording.intent.ends_at is None:
        return _begun(recording) + timedelta(seconds=default_duration)
    return min(recording.intent.ends_at, last_end_of(recording, default_duration))


def last_end_of(recording: Recording, default_duration: float) -> datetime:
    """The latest end that it can have. Where no tokens are used, the usual one may be later than can be asked for."""
    return _begun(recording) + timedelta(seconds=max(LONGEST_SECONDS, default_duration))


def extended(recording: Recording, default_duration: float, seconds: float) -> datetime | None:
    """Its end, so many seconds later or as late as can be; None where it can't be put off."""
    if not is_ongoing(recording):
        return None
    end = end_of(recording, default_duration)
    later = min(end + timedelta(seconds=seconds), last_end_of(recording, default_duration))
    return later if later > end else None


def is_ongoing(recording: Recording) -> bool:
    """Whether it starts or is up, and nothing and nobody has it stopped."""
    unstopped = recording.intent.stop_at is None and recording.ending is None
    return unstopped and (recording.state is State.STARTING or recording.state in _UP)


def time_is_up(recording: Recording, turn: Turn) -> bool:
    """Whether its end has come. One that is not up yet has its time to come up."""
    return recording.started_at is not None and turn.past(end_of(recording, turn.policy.max_duration))


def warning_due(recording: Recording, turn: Turn) -> bool:
    """Whether people have to be told now that it ends soon."""
    return _cause_due(recording, turn) not in (None, recording.ending_told)


def warn(recording: Recording, turn: Turn) -> Change:
    """Tells that it ends soon, once for the same end. Agora was not asked anything: that follows in its own time."""
    cause = _cause_due(recording, turn)
    next_step_at = max(turn.now, (recording.probe.queried_at or turn.now) + timedelta(seconds=turn.policy.soon))
    if recording.is_starting:  # nothing holds a start up
        next_step_at = turn.now
    after = replace(recording, ending_told=cause or recording.ending_told, next_step_at=next_step_at)
    if cause is None:
        return Change(after)
    # The alert is of the end as it is now, also where that is the usual one.
    ends_at = end_of(recording, turn.policy.max_duration)
    then = replace(after, intent=replace(after.intent, ends_at=ends_at))
    kind = AlertKind.WARNING
    alert = Alert(kind=kind, reason=Reason.ENDING_SOON, cause=cause, recording=then, raised_at=turn.now)
    return Change(after, alerts=(alert,))


def in_time(recording: Recording, turn: Turn) -> Recording:
    """The recording with its next step no later than its next warning, or its end."""
    if recording.state not in _UP or not is_ongoing(recording):
        return recording
    moments = [at for at, _ in _warnings(recording, turn) if at > turn.now]
    moments.append(turn.now if warning_due(recording, turn) else end_of(recording, turn.policy.max_duration))
    return replace(recording, next_step_at=min(recording.next_step_at, max(turn.now, min(moments))))


def _begun(recording: Recording) -> datetime:
    return recording.started_at or recording.requested_at


def _warnings(recording: Recording, turn: Turn) -> Iterator[tuple[datetime, float]]:
    """When people are warned, and how many seconds before the end that is. In the first half of a recording nobody is:
    they have just asked for it."""
    end = end_of(recording, turn.policy.max_duration)
    half = recording.requested_at + (end - recording.requested_at) / 2
    for lead in turn.policy.ending_soon:
        at = end - timedelta(seconds=lead)
        if at >= half:
            yield at, lead


def _cause_due(recording: Recording, turn: Turn) -> str | None:
    """Names the last warning whose time has come; with another end it is another warning."""
    if recording.state not in _UP or not is_ongoing(recording) or time_is_up(recording, turn):
        return None
    leads = [lead for at, lead in _warnings(recording, turn) if turn.past(at)]
    end = end_of(recording, turn.policy.max_duration)
    return f"{Reason.ENDING_SOON}-{end:%Y%m%d%H%M%S%f}-{min(leads):g}" if leads else None
