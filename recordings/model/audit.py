"""Who did what, when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.recording import Recording


class AuditAction(StrEnum):
    """What somebody did."""

    STARTED = "started"
    STOPPED = "stopped"
    EXTENDED = "extended"
    RECORDED_ON = "recorded_on"
    CHANGED_LAYOUT = "changed_layout"
    TOOK_ALERT = "took_alert"
    GOT_LINKS = "got_links"


class Source(StrEnum):
    """From where somebody did it."""

    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    TIME_LIMIT = "time_limit"
    LOSS = "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Who did what, when, and from where: a row of the log of acts. `who` is empty where the bot did it by itself."""

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
        """What was done with a recording; without `who` the bot did it by itself."""
        return cls(
            at=at,
            who=who,
            what=what,
            source=source,
            recording_id=recording.id,
            slack_channel=recording.slack_channel,
            detail=detail,
        )
