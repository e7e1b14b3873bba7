"""The log of acts: who did what, when, and from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, true

from recordings.model.audit import AuditEvent
from storage import rows
from storage.database import Database
from storage.tables import acts, recordings


class AuditLog:
    """The acts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, audit_event: AuditEvent) -> None:
        with self._database.write() as connection:
            add(connection, audit_event)

    def all(self) -> list[AuditEvent]:
        """Every act, in the order in which they were written."""
        with self._database.read() as connection:
            found = connection.execute(select(acts).order_by(acts.c.id))
            return [rows.audit_event(row) for row in found]

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[AuditEvent, str]]:
        """The acts from `since` on and before `until`, oldest first, each with its recording's Agora channel."""
        span = (acts.c.at >= since) & (true() if until is None else acts.c.at < until)
        named = acts.outerjoin(recordings, recordings.c.id == acts.c.recording_id)
        query = select(acts, recordings.c.agora_channel).select_from(named).where(span).order_by(acts.c.at, acts.c.id)
        with self._database.read() as connection:
            return [(rows.audit_event(row), row.agora_channel or "") for row in connection.execute(query)]


def add(connection: Connection, audit_event: AuditEvent | None) -> None:
    """Notes an act, where there is one, in a transaction that is under way."""
    if audit_event is not None:
        connection.execute(acts.insert().values(rows.columns(audit_event)))
