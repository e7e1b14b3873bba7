"""What was recorded from a Slack channel, page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from recordings.model.recording import Recording

PAGE = 10


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: at a row, not at a number, so that new recordings move nothing. As text it is a button's
    value. `agora_channel`: the list is of that one alone."""

    requested_at: datetime
    id: str
    agora_channel: str | None = None

    def __str__(self) -> str:
        return "|".join((self.requested_at.astimezone(UTC).isoformat(), self.id, self.agora_channel or ""))

    @classmethod
    def read(cls, text: str) -> Cursor:
        """What `str` gave. Raises `ValueError` where this is nothing of the kind."""
        moment, recording_id, agora_channel = text.split("|", 2)
        requested_at = datetime.fromisoformat(moment)
        if requested_at.tzinfo is not UTC:
            raise ValueError(moment)
        return cls(requested_at, recording_id, agora_channel or None)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the recordings, and where the next page begins; None: that is all."""

    recordings: Sequence[Recording]
    next: Cursor | None
    first: bool = True
    agora_channel: str | None = None
