"""Recordings, recorders and alerts as tests need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from recordings.lifecycle.policy import Policy, Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivered, Delivery, Part
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State
from recordings.model.segments import LostPart

NOW = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)
UID = 4_000_000_001


def at(seconds: float) -> datetime:
    """So many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def turn_at(seconds: float, policy: Policy | None = None, chance: float = 0.0) -> Turn:
    return Turn(now=at(seconds), policy=policy or Policy(), chance=chance)


class FakeClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return at(self.seconds)

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


def a_recording(**facts: Any) -> Recording:
    """Asked for just now by U1 in C1."""
    asked: dict[str, Any] = {
        "id": "rec1",
        "agora_channel": "daily",
        "slack_team": "T1",
        "slack_channel": "C1",
        "started_by": "U1",
        "requested_at": NOW,
        "next_step_at": NOW,
    }
    return Recording(**(asked | facts))


def a_recorder(**facts: Any) -> Recorder:
    """Allotted just now to rec1."""
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
    """`start` was sent, and not answered yet."""
    return replace(acquired(start_sent_at=NOW, expires_at=at(86_400)), **facts)


def running(**facts: Any) -> Recorder:
    """`start` was answered with a sid."""
    return replace(started(sid="SID", sid_at=NOW), **facts)


def with_card(**facts: Any) -> Recording:
    return a_recording(**({"card_ts": "1750160520.000100", "recorder_id": "rec1.1", "recorders": 1} | facts))


def coming_up(**facts: Any) -> Recording:
    """Its recorder has a sid; status 4 or 5 was not seen yet."""
    return with_card(**({"sid": "SID"} | facts))


def up(**facts: Any) -> Recording:
    """Status 5 was seen ten seconds after it was asked for."""
    seen = {"state": State.RECORDING, "started_at": at(10), "first_file_at": at(10), "status": 5}
    return coming_up(**(seen | facts))


def a_lost_part(**facts: Any) -> LostPart:
    """Found up at 30 s, lost at 160 s, and followed by another one at 170 s."""
    kept: dict[str, Any] = {"sid": "FIRST", "uid": UID, "up_at": at(10), "found_at": at(30)}
    return LostPart(**(kept | {"lost_at": at(160), "on_at": at(170)} | facts))


def over(**facts: Any) -> Recording:
    ended = {"state": State.ENDED, "reason": Reason.STOPPED, "ended_at": at(100), "stop_wanted_by": "U2"}
    return up(**(ended | {"stop_wanted_at": at(90)} | facts))


def a_delivery(*sizes: int, **facts: Any) -> Delivery:
    """Ready, with MP4 files of these sizes: one of 800 MB where none is given."""
    parts = tuple(Part(key=f"folder/SID_daily_{number}.mp4", size=size) for number, size in enumerate(sizes))
    found: dict[str, Any] = {
        "state": Delivered.READY,
        "parts": parts or (Part(key="folder/SID_daily_0.mp4", size=800_000_000),),
        "playlists": ("folder/SID_daily.m3u8",),
        "seconds": 3900.0,
        "size": 1_700_000_000,
        "looks": 3,
    }
    return Delivery(**(found | facts))


def an_alert(recording: Recording | None = None, **facts: Any) -> Alert:
    raised: dict[str, Any] = {"kind": AlertKind.FAILED, "reason": Reason.LOST, "cause": "lost", "raised_at": NOW}
    return Alert(**(raised | {"recording": recording or up()} | facts))
