"""Notifications of Cloud Recording: their kinds, their JSON, their signatures."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simulator.agora.fields import Fields

PRODUCT = 3
ERROR, WARNING, PLAYLIST, EXIT, MOVED = 1, 2, 4, 11, 12
UPLOADER, UPLOADED, BACKUPED, PROGRESS = 30, 31, 32, 33
STARTED, LEFT, SLICE, AUDIO, VIDEO = 40, 41, 42, 43, 44
SERVICE, RECORDER, UPLOADS, EXTENSIONS, WEB, DOWNLOADS = 0, 1, 2, 4, 6, 8
"""Kinds of `serviceType`."""


@dataclass(frozen=True)
class EventKind:
    """One `eventType`."""

    name: str
    service: int
    defaults: Fields
    """The details of a notification that a test sends without details."""


def _kind(name: str, service: int, **defaults: object) -> EventKind:
    return EventKind(name, service, MappingProxyType(defaults))


_STREAM = {"streamUid": "0", "state": 0}
_SLICE: Fields = {"mixedAllUser": True, "streamUid": "0", "trackType": "audio_and_video"}
_FILES: Fields = {"status": 0, "fileList": []}
KINDS: Mapping[int, EventKind] = MappingProxyType(
    {
        ERROR: _kind("cloud_recording_error", SERVICE, module=0, errorLevel=5, errorCode=65, stat=1, errorMsg="failed"),
        WARNING: _kind("cloud_recording_warning", SERVICE, module=1, warnCode=31),
        3: _kind("cloud_recording_status_update", SERVICE, status=5, recordingMode=1, fileList=""),
        PLAYLIST: _kind("cloud_recording_file_infos", SERVICE, fileList=""),
        EXIT: _kind("session_exit", SERVICE, exitStatus=0),
        MOVED: _kind("session_failover", SERVICE, newUid=1),
        UPLOADER: _kind("uploader_started", UPLOADS, status=0),
        UPLOADED: _kind("uploaded", UPLOADS, **_FILES),
        BACKUPED: _kind("backuped", UPLOADS, **_FILES),
        PROGRESS: _kind("uploading_progress", UPLOADS, progress=10_000),
        STARTED: _kind("recorder_started", RECORDER, status=0),
        LEFT: _kind("recorder_leave", RECORDER, leaveCode=2),
        SLICE: _kind("recorder_slice_start", RECORDER, **_SLICE),
        AUDIO: _kind("recorder_audio_stream_state_changed", RECORDER, **_STREAM),
        VIDEO: _kind("recorder_video_stream_state_changed", RECORDER, **_STREAM),
        45: _kind("recorder_snapshot_file", RECORDER, fileName=""),
        60: _kind("vod_started", EXTENSIONS),
        61: _kind("vod_triggered", EXTENSIONS),
        70: _kind("web_recorder_started", WEB),
        71: _kind("web_recorder_stopped", WEB, code=0, message="ok", details="", fileList=[]),
        72: _kind("web_recorder_capability_limit", WEB, limitType="bandwidth"),
        73: _kind("web_recorder_reload", WEB, reason="audio_silence"),
        80: _kind("transcoder_started", SERVICE),
        81: _kind("transcoder_completed", SERVICE, result="all_success", uids=[]),
        90: _kind("download_failed", DOWNLOADS),
        100: _kind("rtmp_publish_status", WEB, rtmpUrl="", status="publishing"),
        1001: _kind("postpone_transcode_final_result", SERVICE, result="total_success", fileList=[]),
    }
)


@dataclass(frozen=True)
class Notification:
    """One notification."""

    id: str
    event: int
    channel: str
    uid: str
    sid: str
    sequence: int
    at: float
    """When it happened, Unix time."""
    details: Fields

    def message(self, now: float) -> dict[str, object]:
        """Its JSON, if it is posted at that time."""
        kind = KINDS[self.event]
        return {
            "noticeId": self.id,
            "productId": PRODUCT,
            "eventType": self.event,
            "notifyMs": milliseconds(now),
            "payload": {
                "cname": self.channel,
                "uid": self.uid,
                "sid": self.sid,
                "sequence": self.sequence,
                "sendts": milliseconds(self.at),
                "serviceType": kind.service,
                "details": {"msgName": kind.name, **self.details},
            },
        }


def milliseconds(wall: float) -> int:
    """Unix time in Agora's unit."""
    return round(wall * 1000)


def signatures(secret: str, content: bytes) -> dict[str, str]:
    """The headers that prove a notification."""
    key = secret.encode()
    return {
        "Agora-Signature": hmac.new(key, content, hashlib.sha1).hexdigest(),
        "Agora-Signature-V2": hmac.new(key, content, hashlib.sha256).hexdigest(),
    }
