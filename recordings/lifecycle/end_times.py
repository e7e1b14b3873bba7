"""When a recording ends if nobody stops it, how far the end can be extended, and when the channel is warned of it.

The engine, the card and the button all ask here. `default_duration`: the seconds that a recording takes if nobody chose
an end time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind, timestamp
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

SHORTEST_SECONDS = 60.0
LONGEST_SECONDS = 23 * 3600.0
"""The longest duration that people can choose: a recorder needs a token, and no token is valid for more than 24 h."""
_UP = frozenset({State.RECORDING, State.INTERRUPTED})


def end_of(recording: Recording, default_duration: float) -> datetime:
    """When it will be stopped. If it is not up yet: as if it came up at once."""
    if recording.intent.ends_at is None:
        return _start_of(recording) + timedelta(seconds=default_duration)
    return min(recording.intent.ends_at, last_end_of(recording, default_duration))


def last_end_of(recording: Recording, default_duration: float) -> datetime:
    """The latest possible end. Without tokens the default duration may be longer than what people can choose."""
    return _start_of(recording) + timedelta(seconds=max(LONGEST_SECONDS, default_duration))


def end_after_extension(recording: Recording, default_duration: float, seconds: float) -> datetime | None:
    """The end `seconds` later, or the latest possible one; None if the recording can't be extended."""
    if not is_ongoing(recording):
        return None
    end = end_of(recording, default_duration)
    later = min(end + timedelta(seconds=seconds), last_end_of(recording, default_duration))
    return later if later > end else None


def is_ongoing(recording: Recording) -> bool:
    """Whether it is starting or running, and is not being stopped."""
    is_stopped = recording.intent.stop_at is not None or recording.stop_reason is not None
    return not is_stopped and (recording.state is State.STARTING or recording.state in _UP)


def is_time_up(recording: Recording, turn: Turn) -> bool:
    """Whether its end has come. A recording that is not up yet has no end: the start timeout applies."""
    return recording.started_at is not None and turn.past(end_of(recording, turn.policy.max_duration))


def is_warning_due(recording: Recording, turn: Turn) -> bool:
    """Whether the channel has to be warned now that the recording ends soon."""
    warning = _current_warning(recording, turn)
    return warning is not None and _cause(warning) != recording.end_warning


def warn(recording: Recording, turn: Turn) -> Change:
    """Warns that the recording ends soon, once for each end time and lead time. The next query follows soon."""
    next_step_at = max(turn.now, (recording.probe.queried_at or turn.now) + timedelta(seconds=turn.policy.soon))
    if recording.is_starting:  # a warning does not delay a start
        next_step_at = turn.now
    after = replace(recording, next_step_at=next_step_at)
    warning = _current_warning(recording, turn)
    if warning is None:
        return Change(after)
    after = replace(after, end_warning=_cause(warning))
    # The snapshot in the alert has an explicit end time, even if it is the default one.
    snapshot = replace(after, intent=replace(after.intent, ends_at=end_of(recording, turn.policy.max_duration)))
    alert = Alert.raised(AlertKind.WARNING, Reason.ENDING_SOON, snapshot, turn.now, of=warning)
    return Change(after, alerts=(alert,))


def schedule_next_warning(recording: Recording, turn: Turn) -> Recording:
    """Makes the next step no later than the next warning, or the end."""
    if recording.state not in _UP or not is_ongoing(recording):
        return recording
    moments = [at for at, _ in _warnings(recording, turn) if at > turn.now]
    moments.append(turn.now if is_warning_due(recording, turn) else end_of(recording, turn.policy.max_duration))
    return replace(recording, next_step_at=min(recording.next_step_at, max(turn.now, min(moments))))


def _start_of(recording: Recording) -> datetime:
    return recording.started_at or recording.requested_at


def _warnings(recording: Recording, turn: Turn) -> Iterator[tuple[datetime, float]]:
    """The times of the warnings, each with its lead time in seconds. There is none in the first half of a recording:
    people have just asked for it."""
    end = end_of(recording, turn.policy.max_duration)
    half = recording.requested_at + (end - recording.requested_at) / 2
    for lead in turn.policy.ending_soon:
        at = end - timedelta(seconds=lead)
        if at >= half:
            yield at, lead


def _current_warning(recording: Recording, turn: Turn) -> str | None:
    """Identifies the last warning whose time has come: the end time and the lead time."""
    if recording.state not in _UP or not is_ongoing(recording) or is_time_up(recording, turn):
        return None
    leads = [lead for at, lead in _warnings(recording, turn) if turn.past(at)]
    end = end_of(recording, turn.policy.max_duration)
    return f"{timestamp(end)}-{min(leads):g}" if leads else None


def _cause(warning: str) -> str:
    """The cause of the alert, as `Alert.raised` builds it. `Recording.end_warning` holds the last one."""
    return f"{Reason.ENDING_SOON}-{warning}"
