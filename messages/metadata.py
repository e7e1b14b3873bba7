"""What workflows and other apps read: the names are fixed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recordings.model import Reason, Recording

CARD = "recording_card"


def metadata(event_type: str, recording: Recording, reason: Reason | None) -> dict[str, Any]:
    """Slack's `metadata` argument. What has no value is left out: Slack ignores metadata with a null."""
    payload = {
        "recording_id": recording.id,
        "agora_channel": recording.agora_channel,
        "slack_channel": recording.slack_channel,
        "state": str(recording.state),
        "reason": None if reason is None else str(reason),
        "sid": recording.sid,
        "started_by": recording.started_by,
        "started_at": _iso(recording.started_at),
        "ended_at": _iso(recording.ended_at),
    }
    return {"event_type": event_type, "event_payload": {key: value for key, value in payload.items() if value}}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
