"""What is wrong for many recordings at once is told once for each Slack channel, and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.incidents import Incident
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which no replica took steps."""

    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Troubles that opened or closed, each with the alert that tells so."""

    incidents: tuple[Incident, ...] = ()
    alerts: tuple[Alert, ...] = ()


def review(active: Sequence[Recording], known: Sequence[tuple[Incident, Recording]], turn: Turn) -> Review:
    """What has to be told, given every recording that is not over, and every open trouble with the recording in
    whose thread it was told."""
    by_channel = {channel: list(group) for channel, group in groupby(sorted(active, key=_place), key=_channel)}
    with_incident = {incident.slack_channel for incident, _ in known}
    outcomes: list[tuple[Incident, AlertKind, Recording]] = []
    closed: list[Incident] = []
    for channel, group in by_channel.items():
        if channel not in with_incident and any(_overdue(recording, turn) for recording in group):
            outcomes.append((_opened(group, turn), AlertKind.WARNING, group[0]))
    for incident, recording in known:
        group = by_channel.get(incident.slack_channel, [])
        if _turned_into_another(incident, group, turn):
            # Not well again, so no word of that; what it is now needs other hands.
            outcomes.append((_opened(group, turn), AlertKind.WARNING, group[0]))
            closed.append(replace(incident, closed_at=turn.now))
        elif not any(other.probe.unanswered_since for other in group):
            outcomes.append((replace(incident, closed_at=turn.now), AlertKind.RECOVERED, recording))
    return Review(
        (*closed, *(incident for incident, _, _ in outcomes)),
        tuple(_alert(incident, kind, recording, turn) for incident, kind, recording in outcomes),
    )


def pause_alerts(active: Sequence[Recording], pause: Pause, turn: Turn) -> tuple[list[Recording], list[Alert]]:
    """The recordings that nobody watched meanwhile, and one warning for each Slack channel that has some."""
    running = [each for each in sorted(active, key=_place) if each.sid is not None and each.state in HOLDS_CHANNEL]
    affected = [replace(recording, unwatched_from=pause.begun_at, unwatched_to=pause.ended_at) for recording in running]
    oldest = {recording.slack_channel: recording for recording in reversed(affected)}
    cause = f"{Reason.UNWATCHED}-{pause.begun_at:%Y%m%d%H%M%S%f}"
    alerts = [
        Alert(kind=AlertKind.WARNING, reason=Reason.UNWATCHED, cause=cause, recording=recording, raised_at=turn.now)
        for recording in oldest.values()
    ]
    return affected, alerts


def _turned_into_another(incident: Incident, group: Sequence[Recording], turn: Turn) -> bool:
    """Agora answers again, but refuses the credentials."""
    is_refused = any(_overdue(each, turn) and each.probe.unanswered_reason is Reason.UNAUTHORIZED for each in group)
    return is_refused and incident.reason is Reason.AGORA_UNREACHABLE


def _channel(recording: Recording) -> str:
    return recording.slack_channel


def _place(recording: Recording) -> tuple[str, bool, datetime, str]:
    """By Slack channel, in each the oldest card first."""
    return recording.slack_channel, recording.card_ts is None, recording.requested_at, recording.id


def _overdue(recording: Recording, turn: Turn) -> bool:
    """Whether the first and the last call without an answer lie far enough apart: a bot that is away asks nothing."""
    first, last = recording.probe.unanswered_since, recording.probe.queried_at
    if recording.sid is None or first is None or last is None:
        return False
    return (last - first).total_seconds() >= turn.policy.unreachable_alert


def _opened(group: Sequence[Recording], turn: Turn) -> Incident:
    reasons = {recording.probe.unanswered_reason for recording in group if _overdue(recording, turn)}
    reason = Reason.UNAUTHORIZED if Reason.UNAUTHORIZED in reasons else Reason.AGORA_UNREACHABLE
    channel = group[0].slack_channel
    return Incident(
        id=f"{channel}-{reason}-{turn.now:%Y%m%d%H%M%S%f}",
        slack_channel=channel,
        reason=reason,
        recording_id=group[0].id,
        opened_at=turn.now,
    )


def _alert(incident: Incident, kind: AlertKind, recording: Recording, turn: Turn) -> Alert:
    return Alert(kind=kind, reason=incident.reason, cause=incident.id, recording=recording, raised_at=turn.now)
