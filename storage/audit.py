"""The audit log: who did what, when, and from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, true

from recordings.model.audit import AuditEvent
from storage import rows
from storage.database import Database
from storage.tables import audit_events, recordings
from storage.unreadable import RowReader


class AuditLog:
    """The audit events of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = RowReader(database.unreadable, audit_events, rows.audit_event)

    def add(self, audit_event: AuditEvent) -> None:
        with self._database.write() as connection:
            add(connection, audit_event)

    def all(self) -> list[AuditEvent]:
        """Every event, in the order in which they were written."""
        query = select(audit_events).order_by(audit_events.c.id)
        with self._database.read() as connection:
            return [event for _, event in self._events.many(connection, query.where)]

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[AuditEvent, str]]:
        at = audit_events.c.at
        span = (at >= since) & (true() if until is None else at < until)
        joined = audit_events.outerjoin(recordings, recordings.c.id == audit_events.c.recording_id)
        query = select(audit_events, recordings.c.agora_channel).select_from(joined).where(span)
        query = query.order_by(at, audit_events.c.id)
        with self._database.read() as connection:
            return [(event, row.agora_channel or "") for row, event in self._events.many(connection, query.where)]


def add(connection: Connection, audit_event: AuditEvent | None) -> None:
    """Writes an event, if there is one, in an open transaction."""
    if audit_event is not None:
        connection.execute(audit_events.insert().values(rows.columns(audit_event)))
