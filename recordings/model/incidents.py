"""Something that is wrong for many recordings at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.model.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something wrong for many recordings of a Slack channel at once: open, told once; closed, told once."""

    id: str
    slack_channel: str
    reason: Reason
    recording_id: str
    """Whose card's thread it is told in."""
    opened_at: datetime
    closed_at: datetime | None = None
