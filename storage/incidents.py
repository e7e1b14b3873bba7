"""Incidents of many recordings at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import Alert, Incident
from recordings.model.recording import Recording
from storage import outbox, rows
from storage.database import Database
from storage.lease import fence
from storage.tables import recordings, troubles


class Incidents:
    """The troubles of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        """Each open trouble with the recording in whose thread it was told."""
        with self._database.read() as connection:
            found = connection.execute(select(troubles).where(troubles.c.closed_at.is_(None))).all()
            return [
                (rows.incident(row), rows.recording(recording))
                for row in found
                for recording in connection.execute(select(recordings).where(recordings.c.id == row.recording_id))
            ]

    def save_downtime(
        self, pause: Downtime, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int
    ) -> None:
        noted = {
            "unwatched_from": pause.begun_at,
            "unwatched_to": pause.ended_at,
            "version": recordings.c.version + 1,
            "card_due_at": pause.ended_at,
        }
        these = recordings.c.id.in_([recording.id for recording in affected])
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(recordings.update().where(these).values(noted))
            for alert in alerts:
                outbox.add(connection, alert)

    def save(self, review: Review, epoch: int) -> None:
        """Writes troubles that opened or closed, with the alerts that tell so."""
        with self._database.write() as connection:
            fence(connection, epoch)
            for incident in review.incidents:
                values = rows.columns(incident)
                this = troubles.c.id == incident.id
                if connection.execute(troubles.update().where(this).values(values)).rowcount == 0:
                    connection.execute(troubles.insert().values(values))
            for alert in review.alerts:
                outbox.add(connection, alert)
