"""What is wrong for many recordings at once is told once for each Slack channel, and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.incidents import Trouble
from recordings.model.recording import HOLDS_CHANNEL, Reason, Recording


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
    closed: list[Trouble] = []
    for channel, group in by_channel.items():
        if channel not in troubled and any(_overdue(recording, turn) for recording in group):
            told.append((_opened(group, turn), AlertKind.WARNING, group[0]))
    for trouble, recording in known:
        group = by_channel.get(trouble.slack_channel, [])
        if _turned_into_another(trouble, group, turn):
            # Not well again, so no word of that; what it is now needs other hands.
            told.append((_opened(group, turn), AlertKind.WARNING, group[0]))
            closed.append(replace(trouble, closed_at=turn.now))
        elif not any(other.unanswered_since for other in group):
            told.append((replace(trouble, closed_at=turn.now), AlertKind.RECOVERED, recording))
    return Review(
        (*closed, *(trouble for trouble, _, _ in told)),
        tuple(_alert(trouble, kind, recording, turn) for trouble, kind, recording in told),
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


def _turned_into_another(trouble: Trouble, group: Sequence[Recording], turn: Turn) -> bool:
    """Agora answers again, but refuses the credentials."""
    refused = any(_overdue(each, turn) and each.unanswered_reason is Reason.UNAUTHORIZED for each in group)
    return refused and trouble.reason is Reason.AGORA_UNREACHABLE


def _channel(recording: Recording) -> str:
    return recording.slack_channel


def _place(recording: Recording) -> tuple[str, bool, datetime, str]:
    """By Slack channel, in each the oldest card first."""
    return recording.slack_channel, recording.card_ts is None, recording.requested_at, recording.id


def _overdue(recording: Recording, turn: Turn) -> bool:
    """Whether the first and the last call without an answer lie far enough apart: a bot that is away asks nothing."""
    first, last = recording.unanswered_since, recording.queried_at
    if recording.sid is None or first is None or last is None:
        return False
    return (last - first).total_seconds() >= turn.policy.unreachable_alert


def _opened(group: Sequence[Recording], turn: Turn) -> Trouble:
    reasons = {recording.unanswered_reason for recording in group if _overdue(recording, turn)}
    reason = Reason.UNAUTHORIZED if Reason.UNAUTHORIZED in reasons else Reason.AGORA_UNREACHABLE
    channel = group[0].slack_channel
    return Trouble(
        id=f"{channel}-{reason}-{turn.now:%Y%m%d%H%M%S%f}",
        slack_channel=channel,
        reason=reason,
        recording_id=group[0].id,
        opened_at=turn.now,
    )


def _alert(trouble: Trouble, kind: AlertKind, recording: Recording, turn: Turn) -> Alert:
    return Alert(kind=kind, reason=trouble.reason, cause=trouble.id, recording=recording, raised_at=turn.now)
