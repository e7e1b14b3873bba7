"""Recorders: those that recordings want, and those that have yet to be ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from recordings.model.recorder import Recorder
from recordings.model.recording import State
from storage import rows
from storage.database import Database
from storage.lease import fence
from storage.tables import UNWANTED, recorders, recordings
from storage.unreadable import RowReader, due_rows

_UIDS_KEPT = timedelta(days=3)


class Recorders:
    """The recorders of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recorders = RowReader(database.unreadable, recorders, rows.recorder)

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        query = select(recorders.c.id, recorders.c.next_step_at).order_by(recorders.c.next_step_at).limit(limit)
        with self._database.read() as connection:
            return due_rows(connection.execute(query.where(UNWANTED & self._recorders.readable(connection))))

    def get(self, recorder_id: str) -> Recorder | None:
        with self._database.read() as connection:
            row = connection.execute(select(recorders).where(recorders.c.id == recorder_id)).one_or_none()
        return self._recorders.one(row)

    def save(self, recorder: Recorder, epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            write(connection, recorder)
            if recorder.gone_at is not None or recorder.absent:
                waits = (recordings.c.id == recorder.recording_id) & (recordings.c.state == State.STOPPING)
                connection.execute(recordings.update().where(waits).values(next_step_at=recorder.created_at))

    def keep_late(self, recorder: Recorder) -> None:
        with self._database.write() as connection:
            learnt = {"resource_id": recorder.resource_id, "sid": recorder.sid, "sid_at": recorder.sid_at}
            unknown = (recorders.c.id == recorder.id) & recorders.c.sid.is_(None)
            connection.execute(recorders.update().where(unknown).values(**learnt, wanted=False, gone_at=None))

    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]:
        recent = (recorders.c.agora_channel == agora_channel) & (recorders.c.created_at > now - _UIDS_KEPT)
        with self._database.read() as connection:
            uids = connection.execute(select(recorders.c.uid, recorders.c.moved_uid).where(recent))
            return frozenset(uid for row in uids for uid in row if uid is not None)

    def channels(self, since: datetime) -> Sequence[str]:
        query = select(recorders.c.agora_channel).where(recorders.c.start_sent_at >= since).distinct()
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def count_not_gone(self) -> int:
        query = select(func.count()).select_from(recorders).where(recorders.c.gone_at.is_(None))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]:
        return self._select((recorders.c.agora_channel == agora_channel) & (recorders.c.start_sent_at >= since))

    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        return self._select(recorders.c.recording_id == recording_id)

    def _select(self, condition: ColumnElement[bool]) -> Sequence[Recorder]:
        query = select(recorders).where(condition).order_by(recorders.c.created_at, recorders.c.id)
        with self._database.read() as connection:
            return [recorder for _, recorder in self._recorders.many(connection, query.where)]


def write(connection: Connection, recorder: Recorder) -> None:
    """Updates or inserts a recorder, in an open transaction."""
    values = rows.columns(recorder)
    updated = connection.execute(recorders.update().where(recorders.c.id == recorder.id).values(values))
    if updated.rowcount == 0:
        connection.execute(recorders.insert().values(values))
