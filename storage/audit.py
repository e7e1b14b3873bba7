"""The log of acts: who did what, when, and from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, true

from recordings.model.audit import Act
from recordings.model.recording import Recording
from storage import rows
from storage.database import Database
from storage.tables import acts, recordings


class Acts:
    """The acts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recording(self, recording_id: str) -> Recording | None:
        """The recording that somebody wants to do something with."""
        with self._database.read() as connection:
            row = connection.execute(select(recordings).where(recordings.c.id == recording_id)).one_or_none()
        return None if row is None else rows.recording(row)

    def note(self, act: Act) -> None:
        with self._database.write() as connection:
            note(connection, act)

    def all(self) -> list[Act]:
        """Every act, in the order in which they were written."""
        with self._database.read() as connection:
            found = connection.execute(select(acts).order_by(acts.c.id))
            return [Act(**rows.values(row, rows.ACT)) for row in found]

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[Act, str]]:
        """The acts from `since` on and before `until`, oldest first, each with its recording's Agora channel."""
        span = (acts.c.at >= since) & (true() if until is None else acts.c.at < until)
        named = acts.outerjoin(recordings, recordings.c.id == acts.c.recording_id)
        query = select(acts, recordings.c.agora_channel).select_from(named).where(span).order_by(acts.c.at, acts.c.id)
        with self._database.read() as connection:
            return [(Act(**rows.values(row, rows.ACT)), row.agora_channel or "") for row in connection.execute(query)]


def note(connection: Connection, act: Act | None) -> None:
    """Notes an act, where there is one, in a transaction that is under way."""
    if act is not None:
        connection.execute(acts.insert().values(rows.values(act, rows.ACT)))
