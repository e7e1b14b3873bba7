"""The audit log: who did what, when, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.recording import Recording


class AuditAction(StrEnum):
    """What was done with a recording."""

    STARTED = "started"
    STOPPED = "stopped"
    EXTENDED = "extended"
    RESUMED = "recorded_on"
    CHANGED_LAYOUT = "changed_layout"
    ACKNOWLEDGED_ALERT = "took_alert"
    GOT_LINKS = "got_links"


class Source(StrEnum):
    """Where the action came from. The last two are the bot's own: a recording ran out of time, a recorder was lost."""

    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    TIME_LIMIT = "time_limit"
    LOSS = "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A row of the audit log. `who` is empty if the bot acted by itself."""

    at: datetime
    who: str
    what: AuditAction
    source: Source
    recording_id: str
    slack_channel: str
    detail: str = ""

    @classmethod
    def of(
        cls,
        recording: Recording,
        what: AuditAction,
        source: Source,
        at: datetime,
        *,
        who: str = "",
        detail: str = "",
    ) -> AuditEvent:
        """An action on a recording. Without `who` the bot acted by itself."""
        return cls(
            at=at,
            who=who,
            what=what,
            source=source,
            recording_id=recording.id,
            slack_channel=recording.slack_channel,
            detail=detail,
        )
