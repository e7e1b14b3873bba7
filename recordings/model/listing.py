"""The recordings of a Slack channel, page by page, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from recordings.model.recording import Recording

PAGE = 10
"""Recordings on a page."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page. It is a row and not an offset, so that new recordings don't shift the pages.

    As text it is a button's value. `agora_channel`: the list is limited to this Agora channel.
    """

    requested_at: datetime
    id: str
    agora_channel: str | None = None

    def __str__(self) -> str:
        return "|".join((self.requested_at.astimezone(UTC).isoformat(), self.id, self.agora_channel or ""))

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The inverse of `str`. Raises `ValueError` if the text is not a cursor."""
        moment, recording_id, agora_channel = text.split("|", 2)
        requested_at = datetime.fromisoformat(moment)
        if requested_at.tzinfo is not UTC:
            raise ValueError(moment)
        return cls(requested_at, recording_id, agora_channel or None)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the recordings. `next`: the cursor of the next page; None: this is the last page."""

    recordings: Sequence[Recording]
    next: Cursor | None
    first: bool = True
    agora_channel: str | None = None
