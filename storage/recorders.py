"""Recorders: the wanted ones of recordings, and those that have yet to be ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from recordings.model.recorder import Recorder
from recordings.model.recording import State
from storage import rows
from storage.database import Database
from storage.lease import fence
from storage.tables import UNWANTED, recorders, recordings

_UIDS_KEPT = timedelta(days=3)


class Recorders:
    """The recorders of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of the unwanted ones whose time has come or comes next, with that time, the most urgent first."""
        query = select(recorders.c.id, recorders.c.next_step_at).where(UNWANTED)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(recorders.c.next_step_at).limit(most)).all()
        return [(row.id, row.next_step_at) for row in found]

    def get(self, recorder_id: str) -> Recorder | None:
        with self._database.read() as connection:
            row = connection.execute(select(recorders).where(recorders.c.id == recorder_id)).one_or_none()
        return None if row is None else rows.recorder(row)

    def save(self, recorder: Recorder, epoch: int) -> None:
        """Writes a recorder down; where it is as good as gone, wakes the recording that waits for that."""
        with self._database.write() as connection:
            fence(connection, epoch)
            write(connection, recorder)
            if recorder.gone_at is not None or recorder.absent:
                waits = (recordings.c.id == recorder.recording_id) & (recordings.c.state == State.STOPPING)
                connection.execute(recordings.update().where(waits).values(next_step_at=recorder.created_at))

    def keep_late(self, recorder: Recorder) -> None:
        """Keeps what a replica learnt after it lost the lease, as a recorder that nobody wants."""
        with self._database.write() as connection:
            learnt = {"resource_id": recorder.resource_id, "sid": recorder.sid, "sid_at": recorder.sid_at}
            unknown = (recorders.c.id == recorder.id) & recorders.c.sid.is_(None)
            connection.execute(recorders.update().where(unknown).values(**learnt, wanted=False, gone_at=None))

    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]:
        """The uids that were lately allotted for this channel."""
        lately = (recorders.c.agora_channel == agora_channel) & (recorders.c.created_at > now - _UIDS_KEPT)
        with self._database.read() as connection:
            found = connection.execute(select(recorders.c.uid, recorders.c.moved_uid).where(lately))
            return frozenset(uid for row in found for uid in row if uid is not None)

    def channels(self, since: datetime) -> Sequence[str]:
        query = select(recorders.c.agora_channel).where(recorders.c.start_sent_at >= since).distinct()
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def not_gone(self) -> int:
        """How many may run at Agora."""
        query = select(func.count()).select_from(recorders).where(recorders.c.gone_at.is_(None))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]:
        lately = (recorders.c.agora_channel == agora_channel) & (recorders.c.start_sent_at >= since)
        with self._database.read() as connection:
            return [rows.recorder(row) for row in connection.execute(select(recorders).where(lately))]

    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        query = select(recorders).where(recorders.c.recording_id == recording_id)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(recorders.c.created_at, recorders.c.id)).all()
        return [rows.recorder(row) for row in found]


def write(connection: Connection, recorder: Recorder) -> None:
    """Inserts or updates one recorder."""
    values = rows.columns(recorder)
    updated = connection.execute(recorders.update().where(recorders.c.id == recorder.id).values(values))
    if updated.rowcount == 0:
        connection.execute(recorders.insert().values(values))
