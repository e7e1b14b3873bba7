"""The log of acts: who did what, when, and from where."""

from __future__ import annotations

from sqlalchemy import select

from recordings.model import Act, Recording
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
            connection.execute(acts.insert().values(rows.values(act, rows.ACT)))

    def all(self) -> list[Act]:
        """Every act, the oldest first."""
        with self._database.read() as connection:
            found = connection.execute(select(acts).order_by(acts.c.id))
            return [Act(**rows.values(row, rows.ACT)) for row in found]
