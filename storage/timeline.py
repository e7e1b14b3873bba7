"""What happened to recordings, to be told in the threads of their cards: rows that stay due until Slack has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from recordings.model.timeline import TimelineEntry, TimelineEvent
from recordings.repositories import TimelineJob
from storage import rows
from storage.database import Database
from storage.lease import fence
from storage.tables import lines, outbox, recordings

_KNOWN = lines.c.what.in_(list(TimelineEvent))
"""A newer release may have written others."""


class Timeline:
    """The lines of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> Sequence[TimelineJob]:
        with self._database.read() as connection:
            found = connection.execute(_next_jobs().order_by(lines.c.due_at)).all()
        return [_job(row) for row in found]

    def get(self, entry_id: int) -> TimelineJob | None:
        with self._database.read() as connection:
            row = connection.execute(_next_jobs().where(lines.c.id == entry_id)).one_or_none()
        return None if row is None else _job(row)

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None:
        """Slack has it, or will never take it."""
        self._set(entry_id, {"done_at": now}, epoch)

    def deferred(self, entry_id: int, until: datetime, epoch: int) -> None:
        self._set(entry_id, {"due_at": until, "tries": lines.c.tries + 1}, epoch)

    def _set(self, entry_id: int, values: dict[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(lines.update().where(lines.c.id == entry_id).values(values))


def add(connection: Connection, entries: Iterable[TimelineEntry], at: datetime) -> None:
    """Writes entries, due at once, in a transaction that is under way."""
    for entry in entries:
        connection.execute(lines.insert().values(rows.columns(entry) | {"due_at": at}))


def _next_jobs() -> Select[Any]:
    """The oldest entry of each Slack channel that is not delivered yet, where no alert waits for the same channel."""
    alert = outbox.c.done_at.is_(None) & (outbox.c.slack_channel == lines.c.slack_channel)
    undelivered = lines.c.done_at.is_(None) & _KNOWN & ~exists().where(alert)
    first = select(func.min(lines.c.id)).where(undelivered).group_by(lines.c.slack_channel)
    card = recordings.c.id == lines.c.recording_id
    return select(lines, recordings.c.card_ts).join(recordings, card).where(lines.c.id.in_(first))


def _job(row: Row[Any]) -> TimelineJob:
    return TimelineJob(row.id, rows.timeline_entry(row), row.card_ts, row.due_at, row.tries)
