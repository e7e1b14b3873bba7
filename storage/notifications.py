"""What Agora told by itself: kept once, until the engine has heeded it, and then for a while."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CompoundSelect, Connection, desc, func, literal, or_, select, union_all
from sqlalchemy.exc import IntegrityError

from recordings.model.notifications import Notification, NotificationEvent
from storage import rows
from storage.database import Database
from storage.tables import INCOMPLETE, UNPROCESSED, notices, recorders, recordings

_KEPT = timedelta(days=30)
_LATE = timedelta(hours=1)
"""After the end of a recording; what comes later still is only kept."""
_KNOWN = notices.c.event.in_([int(event) for event in NotificationEvent])
"""A newer program may have kept others before it was taken back."""


class Notifications:
    """The notices of a database."""

    def __init__(self, database: Database, now: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._now = now or database.clock

    def keep(self, notification: Notification) -> bool:
        """Writes a notice down with the recording that it belongs to, once; whether it was new."""
        try:
            with self._database.write() as connection:
                whose = connection.execute(_recording_of(notification)).first()
                values = rows.notification_columns(notification) | {"recording_id": whose and whose.recording_id}
                connection.execute(notices.insert().values(values))
        except IntegrityError:
            return False
        return True

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings with notices that are not heeded yet, with the time when the oldest of these came, the
        oldest first. A recording that has long been over has none."""
        since = func.min(notices.c.received_at).label("since")
        query = select(notices.c.recording_id, since).join(recordings, recordings.c.id == notices.c.recording_id)
        query = query.where(self._to_heed()).group_by(notices.c.recording_id).order_by(since, notices.c.recording_id)
        with self._database.read() as connection:
            return [(row.recording_id, row.since) for row in connection.execute(query.limit(most))]

    def depth(self) -> tuple[int, datetime | None]:
        """How many notices of these recordings are not heeded yet, and when the oldest of them came."""
        query = select(func.count(), func.min(notices.c.received_at)).select_from(notices)
        query = query.join(recordings, recordings.c.id == notices.c.recording_id).where(self._to_heed())
        with self._database.read() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), oldest

    def _to_heed(self) -> ColumnElement[bool]:
        return UNPROCESSED & _KNOWN & or_(INCOMPLETE, recordings.c.ended_at > self._now() - _LATE)

    def of(self, recording_id: str) -> Sequence[Notification]:
        """Those of a recording that are not heeded yet, in the order in which they happened."""
        query = select(notices).where(UNPROCESSED & _KNOWN & (notices.c.recording_id == recording_id))
        with self._database.read() as connection:
            found = [rows.notification(row) for row in connection.execute(query)]
        return sorted(found, key=lambda notification: notification.order)

    def seen(self, recording_id: str) -> int:
        """How many ever came for a recording."""
        query = select(func.count()).where(notices.c.recording_id == recording_id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def forget(self, now: datetime) -> None:
        """What happened a month ago is of no use any more."""
        old = notices.c.received_at < now - _KEPT
        with self._database.read() as connection:
            if connection.execute(select(notices.c.id).where(old).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(notices.delete().where(old))


def _recording_of(notification: Notification) -> CompoundSelect[tuple[int, str, datetime]]:
    """The recording with this sid; or that of a recorder with this sid; or that of one with this channel and uid whose
    sid is not known, since the answer to its start was lost or is under way.

    One statement: between two the answer to the start could be written down, and neither would find it.
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
    """Notices that came before the answer to the start belong to the recording that it has named now."""
    orphans = (notices.c.sid == sid) & notices.c.recording_id.is_(None)
    connection.execute(notices.update().where(orphans).values(recording_id=recording_id))


def processed(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Marks notices as heeded, in the transaction that writes what came of them."""
    connection.execute(notices.update().where(notices.c.id.in_(ids)).values(heeded_at=now))
