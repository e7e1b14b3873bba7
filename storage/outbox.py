"""What has to be told to people: rows that stay due until Slack has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, Alert, AlertKey
from recordings.model.audit import AuditEvent
from recordings.repositories import AlertJob
from storage import audit, rows
from storage.database import Database
from storage.lease import fence
from storage.tables import outbox, recordings


class Outbox:
    """The outbox of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> Sequence[AlertJob]:
        with self._database.read() as connection:
            found = connection.execute(_next_jobs().order_by(outbox.c.due_at)).all()
        return [_job(row) for row in found]

    def get(self, alert_id: int) -> AlertJob | None:
        with self._database.read() as connection:
            row = connection.execute(_next_jobs().where(outbox.c.id == alert_id)).one_or_none()
        return None if row is None else _job(row)

    def depth(self) -> tuple[int, datetime | None]:
        """How many alerts are not delivered yet, and when the oldest of them was raised."""
        query = select(func.count(), func.min(outbox.c.raised_at)).where(outbox.c.done_at.is_(None))
        with self._database.read() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), oldest

    def acknowledge(
        self,
        key: AlertKey,
        slack_channel: str,
        acknowledgement: Acknowledgement,
        audit_event: AuditEvent | None = None,
    ) -> AcknowledgedAlert | None:
        """Writes down who is on it, unless somebody is; whatever is under way with its delivery goes on."""
        this = _same(key) & (outbox.c.slack_channel == slack_channel)
        with self._database.write() as connection:
            free = this & outbox.c.taken_by.is_(None)
            mine = connection.execute(
                outbox.update().where(free).values(taken_by=acknowledgement.by, taken_at=acknowledgement.at)
            )
            audit.add(connection, audit_event if mine.rowcount else None)
            row = connection.execute(select(outbox).where(this)).one_or_none()
        return None if row is None else AcknowledgedAlert(rows.alert(row), Acknowledgement(row.taken_by, row.taken_at))

    def delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None:
        self._set(alert_id, {"done_at": now, "ts": ts, "error": None}, epoch)

    def deferred(self, alert_id: int, until: datetime, error: str, epoch: int) -> None:
        self._set(alert_id, {"due_at": until, "error": error, "tries": outbox.c.tries + 1}, epoch)

    def redirected(self, alert_id: int, error: str, epoch: int) -> None:
        """Slack will never take it in the channel: it goes to the person who started the recording."""
        self._set(alert_id, {"direct": True, "error": error, "tries": 0}, epoch)

    def dropped(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        """Slack will never take it: it is in the log, and not tried again."""
        self._set(alert_id, {"done_at": now, "error": error}, epoch)

    def _set(self, alert_id: int, values: dict[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(outbox.update().where(outbox.c.id == alert_id).values(values))


def add(connection: Connection, alert: Alert) -> None:
    """Writes an alert down, once for the same recording, kind and cause."""
    if connection.execute(select(outbox.c.id).where(_same(AlertKey.of(alert)))).first() is not None:
        return
    connection.execute(
        outbox.insert().values(
            recording_id=alert.recording.id,
            kind=alert.kind,
            cause=alert.cause,
            reason=alert.reason,
            slack_channel=alert.recording.slack_channel,
            recording=rows.to_json(alert.recording),
            raised_at=alert.raised_at,
            due_at=alert.raised_at,
        )
    )


def _same(name: AlertKey) -> ColumnElement[bool]:
    whose = outbox.c.recording_id == name.recording_id
    return whose & (outbox.c.kind == name.kind) & (outbox.c.cause == name.cause)


def _next_jobs() -> Select[Any]:
    """The oldest alert of each Slack channel that is not delivered yet, with the card that it belongs to."""
    first = select(func.min(outbox.c.id)).where(outbox.c.done_at.is_(None)).group_by(outbox.c.slack_channel)
    card = recordings.c.id == outbox.c.recording_id
    return select(outbox, recordings.c.card_ts).join(recordings, card).where(outbox.c.id.in_(first))


def _job(row: Row[Any]) -> AlertJob:
    return AlertJob(
        id=row.id,
        alert=rows.alert(row),
        card_ts=row.card_ts,
        due_at=row.due_at,
        tries=row.tries,
        direct=row.direct,
    )
