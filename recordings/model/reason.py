"""Why a recording failed or ended, or what an alert is about."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` in the metadata of cards and alerts: failures, then ends, then warnings."""

    REJECTED = "rejected"
    UNAUTHORIZED = "unauthorized"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    UNDELIVERABLE = "undeliverable"
    NEVER_STARTED = "never_started"
    LOST = "lost"
    CRASHED = "crashed"
    LEFT = "left"

    STOPPED = "stopped"
    IDLE = "idle"
    TIME_LIMIT = "time_limit"
    STOPPED_ELSEWHERE = "stopped_elsewhere"
    NO_MEDIA = "no_media"

    NOTHING_STORED = "nothing_stored"
    SILENT = "silent"
    UPLOAD_FAILING = "upload_failing"
    NOT_DELIVERED = "not_delivered"
    IN_BACKUP = "in_backup"
    AGORA_UNREACHABLE = "agora_unreachable"
    ENDING_SOON = "ending_soon"
    UNWATCHED = "unwatched"
