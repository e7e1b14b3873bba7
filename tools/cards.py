"""Writes docs/cards.md: the card in each state, and each alert, as text. `make docs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from messages.alert_copy import ALERTS
from messages.alerts import alert_message
from messages.cards import card
from messages.config import MessageConfig
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.intent import Intent
from recordings.model.reason import Reason
from recordings.model.recorder import Probe
from recordings.model.recording import Recording, State
from recordings.model.reported import Reported
from recordings.model.segments import LostSegment
from tools.slack_text import as_text, plain_text

TARGET = Path(__file__).parents[1] / "docs" / "cards.md"
NAMES = {"U1": "ana", "U2": "ben", "C1": "team"}
BEGAN = datetime(2026, 11, 27, 20, 53, 47, tzinfo=UTC)
CONFIG = MessageConfig(14_400, lambda recording: f"bucket/{recording.slack_channel}/20261127", 1_800)


def at(minutes: float) -> datetime:
    """This many minutes after the recording was requested."""
    return BEGAN + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Example:
    """A recording in one state, as people see it at the moment `now`."""

    title: str
    recording: Recording
    now: datetime = field(default_factory=lambda: at(2))


def a_recording(name: str = "daily", **facts: Any) -> Recording:
    """Requested and not started yet."""
    return replace(
        Recording(
            id="2f5a730baf55",
            agora_channel=name,
            slack_team="T1",
            slack_channel="C1",
            started_by="U1",
            requested_at=BEGAN,
            next_step_at=BEGAN,
            card_ts="1795812827.000100",
            sid="0dedf5bc5a36d4f1b1d6a7f0c4f0b0d1",
        ),
        **facts,
    )


def running(name: str = "daily", *, found: float = 2, probe: Probe | None = None, **facts: Any) -> Recording:
    """Recording, and found by the query `found` minutes after the request."""
    confirmed = Probe(status=5, queried_at=at(found), found_at=at(found), confirmed_until=at(found + 1))
    began: dict[str, Any] = {
        "state": State.RECORDING,
        "started_at": at(0.05),
        "first_file_at": at(0.1),
        "people_count": 2,
        "most_people": 2,
    }
    return a_recording(name, **({**began, "probe": probe or confirmed} | facts))


def stopped(name: str = "daily", **facts: Any) -> Recording:
    """Stopped by Ben after 17 minutes."""
    intent = Intent(stop_at=at(17), stop_by="U2")
    ended: dict[str, Any] = {"state": State.ENDED, "reason": Reason.STOPPED, "ended_at": at(17), "intent": intent}
    return running(name, found=16.9, **(ended | facts))


_LOST_AT = 5.0


def _lost_segment(**facts: Any) -> LostSegment:
    lost: dict[str, Any] = {
        "sid": "first",
        "uid": 1,
        "up_at": at(0.05),
        "found_at": at(_LOST_AT),
        "lost_at": at(_LOST_AT + 0.1),
    }
    return LostSegment(**(lost | facts))


def delivery(state: DeliveryState = DeliveryState.READY, **facts: Any) -> Delivery:
    found: dict[str, Any] = {
        "state": state,
        "media_files": (MediaFile(key="folder/sid_daily_0.mp4", size=812_000_000),),
        "playlists": ("folder/sid_daily.m3u8",),
        "seconds": 1017.0,
        "size": 1_700_000_000,
        "checks": 2,
    }
    return Delivery(**(found | facts))


def _in_two_parts() -> Delivery:
    return delivery(
        media_files=(
            MediaFile(key="folder/first_daily_0.mp4", size=240_000_000),
            MediaFile(key="folder/sid_daily_0.mp4", size=572_000_000),
        ),
        playlists=("folder/first_daily.m3u8", "folder/sid_daily.m3u8"),
    )


def _half() -> Delivery:
    return replace(
        _in_two_parts(), state=DeliveryState.MISSING, media_files=delivery().media_files, missing=("b_0.mp4",)
    )


def examples(name: str = "daily") -> tuple[Example, ...]:
    """The card in each state."""
    lost = (_lost_segment(),)
    resumed = (_lost_segment(resumed_at=at(_LOST_AT + 0.12)),)
    silent = Probe(
        status=5,
        queried_at=at(4),
        found_at=at(2),
        confirmed_until=at(3),
        unanswered_since=at(2.5),
        unanswered_reason=Reason.AGORA_UNREACHABLE,
        confirmation_expired=True,
    )
    unauthorized = replace(silent, unanswered_reason=Reason.UNAUTHORIZED)
    missing = replace(silent, unanswered_since=None, unanswered_reason=None, not_found_since=at(2.5), not_found=1)
    emptied = replace(missing, found_empty=1)
    waiting: dict[str, Any] = {
        "first_file_at": None,
        "probe": Probe(status=4, queried_at=at(1), found_at=at(1), confirmed_until=at(3)),
    }
    no_files = delivery(DeliveryState.MISSING, media_files=(), playlists=(), seconds=0, size=0, missing=("a_0.mp4",))
    return (
        Example("Starting", a_recording(name)),
        Example("Waiting for people", running(name, **waiting, people_count=0, most_people=0)),
        Example("Waiting for audio or video", running(name, **waiting)),
        Example("Recording", running(name)),
        Example("Recording, and somebody added time", running(name, intent=Intent(ends_at=at(270), extended_by="U2"))),
        Example("No one can be heard", running(name, reported=Reported(silence_warning_open=True))),
        Example("Saving fails while it records", running(name, reported=Reported(upload_warning_open=True))),
        Example("The bot was offline", running(name, unwatched_from=at(0.5), unwatched_to=at(1.5))),
        Example("The recorder isn't found", running(name, probe=missing, state=State.INTERRUPTED), at(3)),
        Example("Everyone left", running(name, probe=emptied, state=State.INTERRUPTED), at(3)),
        Example("Agora doesn't answer", running(name, probe=silent), at(4)),
        Example("Agora rejects the sign-in", running(name, probe=unauthorized), at(4)),
        Example(
            "A new recorder is joining",
            running(name, state=State.INTERRUPTED, lost_segments=lost, first_file_at=None, sid=None),
            at(6),
        ),
        Example("Recording again", running(name, found=7, lost_segments=resumed), at(7)),
        Example(
            "Stopping",
            running(
                name, state=State.STOPPING, intent=Intent(stop_at=at(17), stop_by="U2"), stop_reason=Reason.STOPPED
            ),
            at(17),
        ),
        Example("Saving", stopped(name, state=State.UPLOADING, reason=None, reported=Reported(progress=8000)), at(17)),
        Example("Checking the files", stopped(name, files_awaited=True), at(18)),
        Example(
            "Agora keeps some files",
            stopped(name, files_awaited=True, delivery=delivery(DeliveryState.IN_BACKUP)),
            at(30),
        ),
        Example("Ready", stopped(name, delivery=delivery()), at(20)),
        Example("Ready, with a gap", stopped(name, lost_segments=resumed, delivery=_in_two_parts()), at(20)),
        Example("Ready, without a file", stopped(name, delivery=delivery(media_files=())), at(20)),
        Example("Not completely saved", stopped(name, files_awaited=True, delivery=_half()), at(40)),
        Example("Not saved", stopped(name, files_awaited=True, delivery=no_files), at(40)),
        Example("Not checked", stopped(name, delivery=delivery(DeliveryState.UNVERIFIED, code="AccessDenied")), at(20)),
        Example("Over, and nothing is known of its files", stopped(name), at(20)),
        Example(
            "Nothing to save", stopped(name, reason=Reason.NO_MEDIA, first_file_at=None, probe=Probe(status=4)), at(20)
        ),
        Example(
            "No one joined",
            stopped(name, reason=Reason.IDLE, intent=Intent(), **waiting, people_count=0, most_people=0),
            at(20),
        ),
        Example(
            "Everyone left, and it ended",
            stopped(name, reason=Reason.IDLE, intent=Intent(), delivery=delivery()),
            at(20),
        ),
        Example("Time limit", stopped(name, reason=Reason.TIME_LIMIT, intent=Intent(), delivery=delivery()), at(20)),
        Example(
            "Stopped elsewhere",
            stopped(name, reason=Reason.STOPPED_ELSEWHERE, intent=Intent(), delivery=delivery()),
            at(20),
        ),
        Example("Canceled before it began", stopped(name, started_at=None, first_file_at=None), at(20)),
        *(_failed(name, reason) for reason in _NOT_STARTED),
        *(_died(name, reason) for reason in _DIED),
    )


_NOT_STARTED = (
    Reason.REJECTED,
    Reason.UNAUTHORIZED,
    Reason.OVERLOADED,
    Reason.UNAVAILABLE,
    Reason.UNDELIVERABLE,
    Reason.NEVER_STARTED,
)
_DIED = (Reason.LOST, Reason.CRASHED, Reason.LEFT)


def _failed(name: str, reason: Reason) -> Example:
    failed = a_recording(
        name, state=State.FAILED, reason=reason, ended_at=at(1), sid=None, detail="HTTP 400, code 2: bad"
    )
    return Example(f"Failed: `{reason}`", failed)


def _died(name: str, reason: Reason) -> Example:
    died = running(name, state=State.FAILED, reason=reason, ended_at=at(10), files_awaited=True)
    return Example(f"Failed: `{reason}`", died, at(11))


def alerts(name: str = "daily") -> Iterator[Alert]:
    """One alert of each kind and reason."""
    for kind, reason in ALERTS:
        yield Alert(
            kind=kind, reason=reason, cause=str(reason), recording=_behind(kind, reason, name), raised_at=at(10)
        )


def _behind(kind: AlertKind, reason: Reason | None, name: str) -> Recording:
    """A recording about which such an alert is raised."""
    if kind is AlertKind.FAILED and reason is not None:
        return (_died if reason in _DIED else _failed)(name, reason).recording
    if kind is AlertKind.ENDED:
        return stopped(name, reason=reason, intent=Intent())
    if kind is AlertKind.FILES:
        return stopped(name, delivery=delivery())
    match reason:
        case Reason.LOST:
            return running(name, found=7, lost_segments=(_lost_segment(resumed_at=at(_LOST_AT + 0.12)),))
        case Reason.NOT_DELIVERED:
            if kind is AlertKind.RECOVERED:
                return stopped(name, delivery=delivery())
            missing = delivery(DeliveryState.MISSING, media_files=(), missing=("sid_daily_0.mp4",))
            return stopped(name, files_awaited=True, delivery=missing)
        case Reason.IN_BACKUP:
            return stopped(name, files_awaited=True, delivery=delivery(DeliveryState.IN_BACKUP))
        case Reason.ENDING_SOON:
            return running(name, intent=Intent(ends_at=at(20)))
        case Reason.UNWATCHED:
            return running(name, unwatched_from=at(6), unwatched_to=at(9))
    return running(name)


_HEAD = """\
# Cards and alerts

Each recording has one card, which is edited as the recording goes on. Alerts are messages in the card's thread; those
that matter to everybody are shown in the channel too. Times are shown in the reader's own time zone, and `⋯` is the
menu of the card. `make docs` writes this page.
"""


def page() -> str:
    """The content of docs/cards.md."""
    parts = [_HEAD, "## The card\n"]
    parts += [f"### {example.title}\n\n```text\n{_card_text(example)}\n```\n" for example in examples()]
    parts.append("## Alerts\n")
    parts += [_alert_part(alert) for alert in alerts()]
    return "\n".join(parts)


def _card_text(example: Example) -> str:
    return as_text(card(example.recording, CONFIG, example.now), NAMES)


def _alert_part(alert: Alert) -> str:
    message = alert_message(alert, CONFIG)
    code = f"{alert.kind} · {alert.reason}" if alert.reason else str(alert.kind)
    shown, read = as_text(message, NAMES), plain_text(message.text, NAMES)
    return f"### `{code}`\n\n```text\n{shown}\n```\n\nIn a notification: {read}\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
