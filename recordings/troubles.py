"""What is wrong for many recordings at once is told once for each Slack channel, and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from recordings.model import Alert, AlertKind, Reason, Recording, Trouble, Turn


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which no replica took steps."""

    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Troubles that opened or closed, each with the alert that tells so."""

    troubles: tuple[Trouble, ...] = ()
    alerts: tuple[Alert, ...] = ()


def review(active: Sequence[Recording], known: Sequence[tuple[Trouble, Recording]], turn: Turn) -> Review:
    """What has to be told, given every recording that is not over, and every open trouble with the recording in
    whose thread it was told."""
    by_channel = {channel: list(group) for channel, group in groupby(sorted(active, key=_place), key=_channel)}
    troubled = {trouble.slack_channel for trouble, _ in known}
    told: list[tuple[Trouble, AlertKind, Recording]] = []
    for channel, group in by_channel.items():
        if channel not in troubled and any(_overdue(recording, turn) for recording in group):
            told.append((_opened(group, turn), AlertKind.WARNING, group[0]))
    for trouble, recording in known:
        if not any(other.unanswered_since for other in by_channel.get(trouble.slack_channel, [])):
            told.append((replace(trouble, closed_at=turn.now), AlertKind.RECOVERED, recording))
    return Review(
        tuple(trouble for trouble, _, _ in told),
        tuple(_alert(trouble, kind, recording, turn) for trouble, kind, recording in told),
    )


def pause_alerts(active: Sequence[Recording], pause: Pause, turn: Turn) -> tuple[list[Recording], list[Alert]]:
    """The recordings that nobody watched meanwhile, and one warning for each Slack channel that has some."""
    running = [recording for recording in sorted(active, key=_place) if recording.sid is not None]
    affected = [replace(recording, unwatched_from=pause.begun_at, unwatched_to=pause.ended_at) for recording in running]
    oldest = {recording.slack_channel: recording for recording in reversed(affected)}
    cause = f"{Reason.UNWATCHED}-{pause.begun_at:%Y%m%d%H%M%S%f}"
    alerts = [
        Alert(kind=AlertKind.WARNING, reason=Reason.UNWATCHED, cause=cause, recording=recording, raised_at=turn.now)
        for recording in oldest.values()
    ]
    return affected, alerts


def _channel(recording: Recording) -> str:
    return recording.slack_channel


def _place(recording: Recording) -> tuple[str, object, str]:
    return recording.slack_channel, recording.requested_at, recording.id


def _overdue(recording: Recording, turn: Turn) -> bool:
    return recording.sid is not None and turn.past(recording.unanswered_since, turn.policy.unreachable_alert)


def _opened(group: Sequence[Recording], turn: Turn) -> Trouble:
    overdue = next(recording for recording in group if _overdue(recording, turn))
    reason = overdue.unanswered_reason or Reason.AGORA_UNREACHABLE
    channel = overdue.slack_channel
    return Trouble(
        id=f"{channel}-{reason}-{turn.now:%Y%m%d%H%M%S%f}",
        slack_channel=channel,
        reason=reason,
        recording_id=group[0].id,
        opened_at=turn.now,
    )


def _alert(trouble: Trouble, kind: AlertKind, recording: Recording, turn: Turn) -> Alert:
    return Alert(kind=kind, reason=trouble.reason, cause=trouble.id, recording=recording, raised_at=turn.now)
