"""Recordings, recorders and alerts as tests need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from recordings.lifecycle.policy import Policy, Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.reason import Reason
from recordings.model.recorder import Probe, Recorder
from recordings.model.recording import Recording, State
from recordings.model.segments import LostSegment

NOW = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)
UID = 4_000_000_001


def at(seconds: float) -> datetime:
    """The moment `seconds` after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def turn_at(seconds: float, policy: Policy | None = None, jitter: float = 0.0) -> Turn:
    return Turn(now=at(seconds), policy=policy or Policy(), jitter=jitter)


class FakeClock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return at(self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FunctionClock:
    """A clock made of functions. By default it stands still at `NOW`."""

    of_day: Callable[[], datetime] = lambda: NOW
    of_spans: Callable[[], float] = lambda: 0.0

    def now(self) -> datetime:
        return self.of_day()

    def monotonic(self) -> float:
        return self.of_spans()


_IN_INTENT = {
    "stop_at": "stop_at",
    "stop_by": "stop_by",
    "ends_at": "ends_at",
    "extended_by": "extended_by",
    "chosen_layout": "layout",
    "layout_by": "layout_by",
    "layout_at": "layout_at",
    "revision": "revision",
}
_IN_PROBE = {field.name for field in fields(Probe)}


def changed(recording: Recording, **facts: Any) -> Recording:
    """The recording with these facts. Fields of its intent and its probe have their own names; the layout of the intent
    is `chosen_layout`."""
    intent = {_IN_INTENT[name]: facts.pop(name) for name in list(facts) if name in _IN_INTENT}
    probe = {name: facts.pop(name) for name in list(facts) if name in _IN_PROBE}
    nested: dict[str, Any] = {"intent": replace(recording.intent, **intent), "probe": replace(recording.probe, **probe)}
    return replace(recording, **(nested | facts))


def a_recording(**facts: Any) -> Recording:
    """Requested at `NOW` by U1 in C1."""
    asked: dict[str, Any] = {
        "id": "rec1",
        "agora_channel": "daily",
        "slack_team": "T1",
        "slack_channel": "C1",
        "started_by": "U1",
        "requested_at": NOW,
        "next_step_at": NOW,
    }
    own = {field.name for field in fields(Recording)}
    given = asked | {name: value for name, value in facts.items() if name in own}
    return changed(Recording(**given), **{name: value for name, value in facts.items() if name not in own})


def a_recorder(**facts: Any) -> Recorder:
    """Allocated to rec1 at `NOW`."""
    allotted: dict[str, Any] = {
        "id": "rec1.1",
        "recording_id": "rec1",
        "agora_channel": "daily",
        "uid": UID,
        "created_at": NOW,
        "next_step_at": NOW,
    }
    return Recorder(**(allotted | facts))


def acquired(**facts: Any) -> Recorder:
    return replace(a_recorder(resource_id="RES", acquired_at=NOW), **facts)


def started(**facts: Any) -> Recorder:
    """`start` was sent and not answered yet."""
    return replace(acquired(start_sent_at=NOW, expires_at=at(86_400)), **facts)


def running(**facts: Any) -> Recorder:
    """`start` was answered with a sid."""
    return replace(started(sid="SID", sid_at=NOW), **facts)


def with_card(**facts: Any) -> Recording:
    return a_recording(**({"card_ts": "1750160520.000100", "recorder_id": "rec1.1", "recorder_count": 1} | facts))


def coming_up(**facts: Any) -> Recording:
    """Its recorder has a sid, and no query has found it yet."""
    return with_card(**({"sid": "SID"} | facts))


def up(**facts: Any) -> Recording:
    """Status 5 was seen ten seconds after the request."""
    facts_of_query = {"state": State.RECORDING, "started_at": at(10), "first_file_at": at(10), "status": 5}
    return coming_up(**(facts_of_query | facts))


def a_lost_segment(**facts: Any) -> LostSegment:
    """Last found at 30 s, lost at 160 s, and followed by the next segment at 170 s."""
    kept: dict[str, Any] = {"sid": "FIRST", "uid": UID, "up_at": at(10), "found_at": at(30)}
    return LostSegment(**(kept | {"lost_at": at(160), "resumed_at": at(170)} | facts))


def over(**facts: Any) -> Recording:
    ended = {"state": State.ENDED, "reason": Reason.STOPPED, "ended_at": at(100), "stop_by": "U2"}
    return up(**(ended | {"stop_at": at(90)} | facts))


def a_delivery(*sizes: int, **facts: Any) -> Delivery:
    """Ready, with MP4 files of these sizes; one of 800 MB if no size is given."""
    media_files = tuple(MediaFile(key=f"folder/SID_daily_{number}.mp4", size=size) for number, size in enumerate(sizes))
    found: dict[str, Any] = {
        "state": DeliveryState.READY,
        "media_files": media_files or (MediaFile(key="folder/SID_daily_0.mp4", size=800_000_000),),
        "playlists": ("folder/SID_daily.m3u8",),
        "seconds": 3900.0,
        "size": 1_700_000_000,
        "checks": 3,
    }
    return Delivery(**(found | facts))


def an_alert(recording: Recording | None = None, **facts: Any) -> Alert:
    raised: dict[str, Any] = {"kind": AlertKind.FAILED, "reason": Reason.LOST, "cause": "lost", "raised_at": NOW}
    return Alert(**(raised | {"recording": recording or up()} | facts))
