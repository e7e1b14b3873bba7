"""Agora's notifications: each kept once until the engine has applied it, and for a while after that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CompoundSelect, Connection, desc, func, literal, or_, select, union_all
from sqlalchemy.exc import IntegrityError

from recordings.model.notifications import Notification
from storage import rows
from storage.database import Database
from storage.tables import INCOMPLETE, UNPROCESSED, notifications, recorders, recordings
from storage.unreadable import RowReader, due_rows

_KEPT = timedelta(days=30)
_LATE = timedelta(hours=1)
"""After the end of a recording. A notification that arrives later is kept and not applied."""


class Notifications:
    """The notifications of a database."""

    def __init__(self, database: Database, now: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._now = now or database.clock
        self._notifications = RowReader(database.unreadable, notifications, rows.notification)
        self._recordings = RowReader(database.unreadable, recordings, rows.recording)
        self._recorders = RowReader(database.unreadable, recorders, rows.recorder)

    def keep(self, notification: Notification) -> bool:
        try:
            with self._database.write() as connection:
                owner = connection.execute(_recording_of(notification)).first()
                recording_id = None if owner is None else owner.recording_id
                values = rows.notification_columns(notification) | {"recording_id": recording_id}
                connection.execute(notifications.insert().values(values))
        except IntegrityError:
            return False
        return True

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        recording_id, since = notifications.c.recording_id, func.min(notifications.c.received_at).label("since")
        query = select(recording_id, since).join(recordings, recordings.c.id == recording_id)
        query = query.group_by(recording_id).order_by(since, recording_id).limit(limit)
        with self._database.read() as connection:
            return due_rows(connection.execute(query.where(self._unprocessed(connection))))

    def depth(self) -> tuple[int, datetime | None]:
        query = select(func.count(), func.min(notifications.c.received_at)).select_from(notifications)
        query = query.join(recordings, recordings.c.id == notifications.c.recording_id)
        with self._database.read() as connection:
            count, oldest = connection.execute(query.where(self._unprocessed(connection))).one()
        return int(count), oldest

    def _unprocessed(self, connection: Connection) -> ColumnElement[bool]:
        """Notifications that a step can apply: notification, recording and the recorder that it wants can be read."""
        return (
            UNPROCESSED
            & or_(INCOMPLETE, recordings.c.ended_at > self._now() - _LATE)
            & self._notifications.readable(connection)
            & self._recordings.readable(connection)
            & self._recorders.readable(connection, by=recordings.c.recorder_id)
        )

    def unprocessed(self, recording_id: str) -> Sequence[Notification]:
        query = select(notifications).where(UNPROCESSED & (notifications.c.recording_id == recording_id))
        with self._database.read() as connection:
            unprocessed = [notification for _, notification in self._notifications.many(connection, query.where)]
        return sorted(unprocessed, key=lambda notification: notification.order)

    def count_received(self, recording_id: str) -> int:
        query = select(func.count()).where(notifications.c.recording_id == recording_id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def forget(self, now: datetime) -> None:
        """Deletes the notifications of more than a month ago."""
        old = notifications.c.received_at < now - _KEPT
        with self._database.read() as connection:
            if connection.execute(select(notifications.c.id).where(old).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(notifications.delete().where(old))


def _recording_of(notification: Notification) -> CompoundSelect[tuple[int, str, datetime]]:
    """The recording with this sid; else that of a recorder with this sid; else that of a recorder with this channel and
    uid whose sid is unknown, because the answer to its start was lost or is on its way.

    One statement: between two of them a step could write that answer, and neither would match.
    """
    by_recording = select(literal(0).label("rank"), recordings.c.id.label("recording_id"), recordings.c.requested_at)
    by_recorder = select(literal(1), recorders.c.recording_id, recorders.c.created_at)
    unnamed = (recorders.c.agora_channel == notification.agora_channel) & (recorders.c.uid == notification.uid)
    by_uid = select(literal(2), recorders.c.recording_id, recorders.c.created_at)
    return (
        union_all(
            by_recording.where(recordings.c.sid == notification.sid),
            by_recorder.where(recorders.c.sid == notification.sid),
            by_uid.where(unnamed & recorders.c.sid.is_(None)),
        )
        .order_by("rank", desc("requested_at"))
        .limit(1)
    )


def adopt(connection: Connection, recording_id: str, sid: str) -> None:
    """Assigns notifications that arrived before the answer to `start` to the recording that now has their sid."""
    without_recording = (notifications.c.sid == sid) & notifications.c.recording_id.is_(None)
    connection.execute(notifications.update().where(without_recording).values(recording_id=recording_id))


def mark_processed(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Marks notifications as processed, in the transaction that writes their effect."""
    connection.execute(notifications.update().where(notifications.c.id.in_(ids)).values(heeded_at=now))
