"""Problems of many recordings at once: one alert for each Slack channel when they begin, and one when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind, Incident, timestamp
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording


@dataclass(frozen=True, slots=True)
class Downtime:
    """A span in which no replica ran the engine."""

    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Incidents that were opened or closed, with the alerts that report it."""

    incidents: tuple[Incident, ...] = ()
    alerts: tuple[Alert, ...] = ()


def review(active: Sequence[Recording], known: Sequence[tuple[Incident, Recording]], turn: Turn) -> Review:
    """Opens and closes incidents. `active`: every recording that is not over; `known`: every open incident, with the
    recording in whose thread it was reported."""
    by_channel = {channel: list(group) for channel, group in groupby(sorted(active, key=_order), key=_channel)}
    with_incident = {incident.slack_channel for incident, _ in known}
    reported: list[tuple[Incident, AlertKind, Recording]] = []
    superseded: list[Incident] = []
    for channel, group in by_channel.items():
        if channel not in with_incident and any(_is_unreachable(recording, turn) for recording in group):
            reported.append(_open(group, turn))
    for incident, recording in known:
        group = by_channel.get(incident.slack_channel, [])
        if _has_new_reason(incident, group, turn):
            # Not a recovery, so no alert says so. The new incident needs another person's attention.
            reported.append(_open(group, turn))
            superseded.append(replace(incident, closed_at=turn.now))
        elif not any(other.probe.unanswered_since for other in group):
            reported.append((replace(incident, closed_at=turn.now), AlertKind.RECOVERED, recording))
    return Review(
        (*superseded, *(incident for incident, _, _ in reported)),
        tuple(Alert.of_incident(incident, kind, recording, turn.now) for incident, kind, recording in reported),
    )


def downtime_alerts(active: Sequence[Recording], downtime: Downtime, turn: Turn) -> tuple[list[Recording], list[Alert]]:
    """The recordings that were running during a downtime, and one warning for each of their Slack channels."""
    running = [
        recording
        for recording in sorted(active, key=_order)
        if recording.sid is not None and recording.state in HOLDS_CHANNEL
    ]
    affected = [
        replace(recording, unwatched_from=downtime.begun_at, unwatched_to=downtime.ended_at) for recording in running
    ]
    oldest = {recording.slack_channel: recording for recording in reversed(affected)}
    alerts = [
        Alert.raised(AlertKind.WARNING, Reason.UNWATCHED, recording, turn.now, of=downtime.begun_at)
        for recording in oldest.values()
    ]
    return affected, alerts


def _has_new_reason(incident: Incident, group: Sequence[Recording], turn: Turn) -> bool:
    """Whether Agora answers again, but refuses the credentials."""
    is_refused = any(
        _is_unreachable(recording, turn) and recording.probe.unanswered_reason is Reason.UNAUTHORIZED
        for recording in group
    )
    return is_refused and incident.reason is Reason.AGORA_UNREACHABLE


def _channel(recording: Recording) -> str:
    return recording.slack_channel


def _order(recording: Recording) -> tuple[str, bool, datetime, str]:
    """By Slack channel; in each channel the recording with the oldest card first."""
    return recording.slack_channel, recording.card_ts is None, recording.requested_at, recording.id


def _is_unreachable(recording: Recording, turn: Turn) -> bool:
    """Whether calls have been unanswered for long enough. The span ends at the last call, not now: while the bot was
    down, it made no calls."""
    first, last = recording.probe.unanswered_since, recording.probe.queried_at
    if recording.sid is None or first is None or last is None:
        return False
    return (last - first).total_seconds() >= turn.policy.unreachable_alert


def _open(group: Sequence[Recording], turn: Turn) -> tuple[Incident, AlertKind, Recording]:
    """A new incident, with the recording in whose thread it is reported."""
    unreachable = [recording for recording in group if _is_unreachable(recording, turn)]
    reasons = {recording.probe.unanswered_reason for recording in unreachable}
    reason = Reason.UNAUTHORIZED if Reason.UNAUTHORIZED in reasons else Reason.AGORA_UNREACHABLE
    # Answers that can't be read concern their recordings alone: the alert names one of those.
    reported = unreachable[0] if all(recording.probe.unreadable_answer for recording in unreachable) else group[0]
    incident = Incident(
        id=f"{reported.slack_channel}-{reason}-{timestamp(turn.now)}",
        slack_channel=reported.slack_channel,
        reason=reason,
        recording_id=reported.id,
        opened_at=turn.now,
    )
    return incident, AlertKind.WARNING, reported
