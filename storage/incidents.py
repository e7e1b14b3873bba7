"""Incidents: what is wrong for many recordings at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import Alert, Incident
from recordings.model.recording import Recording
from storage import outbox, rows
from storage.database import Database
from storage.lease import fence
from storage.tables import incidents, recordings
from storage.unreadable import RowReader


class Incidents:
    """The incidents of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._incidents = RowReader(database.unreadable, incidents, rows.incident)
        self._recordings = RowReader(database.unreadable, recordings, rows.recording)

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        query = select(incidents).where(incidents.c.closed_at.is_(None))
        with self._database.read() as connection:
            with_recordings = [
                (incident, self._recording(connection, incident.recording_id))
                for _, incident in self._incidents.many(connection, query.where)
            ]
        return [(incident, recording) for incident, recording in with_recordings if recording is not None]

    def _recording(self, connection: Connection, recording_id: str) -> Recording | None:
        query = select(recordings).where(recordings.c.id == recording_id)
        return self._recordings.one(connection.execute(query).one_or_none())

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

    def save(self, review: Review, epoch: int) -> Review:
        with self._database.write() as connection:
            fence(connection, epoch)
            written = tuple(incident for incident in review.incidents if _write(connection, incident))
            left_out = {incident.id for incident in review.incidents} - {incident.id for incident in written}
            alerts = tuple(alert for alert in review.alerts if alert.cause not in left_out)
            for alert in alerts:
                outbox.add(connection, alert)
        return Review(written, alerts)


def _write(connection: Connection, incident: Incident) -> bool:
    """Updates or inserts an incident. False: its Slack channel has an open one, which `open` could not return."""
    values = rows.columns(incident)
    if connection.execute(incidents.update().where(incidents.c.id == incident.id).values(values)).rowcount:
        return True
    same_channel = (incidents.c.slack_channel == incident.slack_channel) & incidents.c.closed_at.is_(None)
    if connection.execute(select(incidents.c.id).where(same_channel)).first() is not None:
        return False
    connection.execute(incidents.insert().values(values))
    return True
