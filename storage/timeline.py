"""Timeline entries: due until Slack has them, in the threads of their cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from recordings.model.timeline import TimelineEntry
from recordings.repositories import TimelineJob
from storage import rows
from storage.database import Database
from storage.lease import fence
from storage.tables import outbox, recordings, timeline_entries
from storage.unreadable import RowReader


class Timeline:
    """The timeline entries of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries = RowReader(database.unreadable, timeline_entries, rows.timeline_entry)
        self._alerts = RowReader(database.unreadable, outbox, rows.alert)

    def due(self) -> Sequence[TimelineJob]:
        with self._database.read() as connection:
            alerts = self._alerts.readable(connection)
            due = self._entries.many(
                connection, lambda entries: _next_jobs(entries, alerts).order_by(timeline_entries.c.due_at)
            )
        return [_job(row, entry) for row, entry in due]

    def get(self, entry_id: int) -> TimelineJob | None:
        with self._database.read() as connection:
            query = _next_jobs(self._entries.readable(connection), self._alerts.readable(connection))
            row = connection.execute(query.where(timeline_entries.c.id == entry_id)).one_or_none()
        entry = self._entries.one(row)
        return None if row is None or entry is None else _job(row, entry)

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None:
        self._update(entry_id, {"done_at": now}, epoch)

    def defer(self, entry_id: int, until: datetime, epoch: int) -> None:
        self._update(entry_id, {"due_at": until, "tries": timeline_entries.c.tries + 1}, epoch)

    def _update(self, entry_id: int, values: dict[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(timeline_entries.update().where(timeline_entries.c.id == entry_id).values(values))


def add(connection: Connection, entries: Iterable[TimelineEntry], at: datetime) -> None:
    """Writes entries, due at once, in an open transaction."""
    for entry in entries:
        connection.execute(timeline_entries.insert().values(rows.columns(entry) | {"due_at": at}))


def _next_jobs(entries: ColumnElement[bool], alerts: ColumnElement[bool]) -> Select[Any]:
    """The oldest undelivered entry of each Slack channel that has no undelivered alert. `entries` and `alerts` exclude
    the rows that can't be read."""
    same_channel = outbox.c.slack_channel == timeline_entries.c.slack_channel
    alert = exists().where(outbox.c.done_at.is_(None) & same_channel & alerts)
    undelivered = timeline_entries.c.done_at.is_(None) & entries & ~alert
    first = select(func.min(timeline_entries.c.id)).where(undelivered).group_by(timeline_entries.c.slack_channel)
    card = recordings.c.id == timeline_entries.c.recording_id
    query = select(timeline_entries, recordings.c.card_ts).join(recordings, card)
    return query.where(timeline_entries.c.id.in_(first))


def _job(row: Row[Any], entry: TimelineEntry) -> TimelineJob:
    return TimelineJob(row.id, entry, row.card_ts, row.due_at, row.tries)
