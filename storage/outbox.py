"""The outbox: alerts that are due until Slack has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from recordings.model.alerts import (
    OF_INCIDENTS,
    AcknowledgedAlert,
    Acknowledgement,
    Alert,
    AlertKey,
    AlertKind,
    resolved_reasons,
)
from recordings.model.audit import AuditEvent
from recordings.repositories import AlertJob, ResolutionJob
from storage import audit, rows
from storage.database import Database
from storage.lease import fence
from storage.tables import outbox, recordings
from storage.unreadable import RowReader

_BATCH = 50


class Outbox:
    """The alerts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._alerts = RowReader(database.unreadable, outbox, rows.alert)

    def due(self) -> Sequence[AlertJob]:
        with self._database.read() as connection:
            due = self._alerts.many(connection, lambda readable: _next_jobs(readable).order_by(outbox.c.due_at))
        return [_job(row, alert) for row, alert in due]

    def get(self, alert_id: int) -> AlertJob | None:
        with self._database.read() as connection:
            query = _next_jobs(self._alerts.readable(connection)).where(outbox.c.id == alert_id)
            row = connection.execute(query).one_or_none()
        alert = self._alerts.one(row)
        return None if row is None or alert is None else _job(row, alert)

    def depth(self) -> tuple[int, datetime | None]:
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
        this = _with_key(key) & (outbox.c.slack_channel == slack_channel)
        by_this_person = {"taken_by": acknowledgement.by, "taken_at": acknowledgement.at}
        with self._database.write() as connection:
            row = connection.execute(select(outbox).where(this).with_for_update()).one_or_none()
            alert = self._alerts.one(row)
            if row is None or alert is None:
                return None
            first = _acknowledgement(row)
            if first is None:
                connection.execute(outbox.update().where(this).values(by_this_person))
                audit.add(connection, audit_event)
        return AcknowledgedAlert(alert, first or acknowledgement, row.resolved_at)

    def mark_delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None:
        self._update(alert_id, {"done_at": now, "ts": ts, "error": None}, epoch)

    def defer(self, alert_id: int, until: datetime, error: str, epoch: int) -> None:
        self._update(alert_id, {"due_at": until, "error": error, "tries": outbox.c.tries + 1}, epoch)

    def redirect(self, alert_id: int, error: str, epoch: int) -> None:
        self._update(alert_id, {"direct": True, "error": error, "tries": 0}, epoch)

    def drop(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        self._update(alert_id, {"done_at": now, "error": error}, epoch)

    def due_resolutions(self) -> Sequence[ResolutionJob]:
        with self._database.read() as connection:
            first = outbox.c.resolution_due_at
            due = self._alerts.many(connection, lambda readable: _resolutions(readable).order_by(first).limit(_BATCH))
        return [_resolution(row, alert) for row, alert in due]

    def resolution(self, alert_id: int) -> ResolutionJob | None:
        with self._database.read() as connection:
            row = connection.execute(_resolutions(outbox.c.id == alert_id)).one_or_none()
        alert = self._alerts.one(row)
        return None if row is None or alert is None else _resolution(row, alert)

    def mark_resolution_shown(self, alert_id: int, acknowledgement: Acknowledgement | None, epoch: int) -> None:
        by = outbox.c.taken_by
        same = by.is_(None) if acknowledgement is None else by == acknowledgement.by
        self._update(alert_id, {"resolution_due_at": None}, epoch, only_if=same)

    def defer_resolution(self, alert_id: int, until: datetime, epoch: int) -> None:
        deferred = {"resolution_due_at": until, "resolution_tries": outbox.c.resolution_tries + 1}
        self._update(alert_id, deferred, epoch)

    def drop_resolution(self, alert_id: int, epoch: int) -> None:
        self._update(alert_id, {"resolution_due_at": None}, epoch)

    def _update(
        self, alert_id: int, values: dict[str, object], epoch: int, *, only_if: ColumnElement[bool] | None = None
    ) -> None:
        this = outbox.c.id == alert_id
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(outbox.update().where(this if only_if is None else this & only_if).values(values))


def add(connection: Connection, alert: Alert) -> None:
    """Writes an alert, in an open transaction. An alert with the same key is written once. A recovery resolves its
    warnings."""
    _resolve_warnings(connection, alert)
    if connection.execute(select(outbox.c.id).where(_with_key(AlertKey.of(alert)))).first() is not None:
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


def _resolve_warnings(connection: Connection, alert: Alert) -> None:
    """Resolves the warnings since the last recovery from the same. Earlier ones are over, even if the release that
    wrote them did not note it."""
    reasons = resolved_reasons(alert)
    if not reasons:
        return
    same = outbox.c.recording_id == alert.recording.id
    if reasons & OF_INCIDENTS:
        same = outbox.c.slack_channel == alert.recording.slack_channel
    matter = same & outbox.c.reason.in_(reasons)
    recovery = matter & (outbox.c.kind == AlertKind.RECOVERED)
    last_recovery = select(func.coalesce(func.max(outbox.c.id), 0)).where(recovery).correlate(None).scalar_subquery()
    warning = matter & (outbox.c.kind == AlertKind.WARNING) & outbox.c.resolved_at.is_(None)
    resolved = {"resolved_at": alert.raised_at, "resolution_due_at": alert.raised_at}
    connection.execute(outbox.update().where(warning & (outbox.c.id > last_recovery)).values(resolved))


def _with_key(key: AlertKey) -> ColumnElement[bool]:
    of_recording = outbox.c.recording_id == key.recording_id
    return of_recording & (outbox.c.kind == key.kind) & (outbox.c.cause == key.cause)


def _next_jobs(readable: ColumnElement[bool]) -> Select[Any]:
    """The oldest undelivered alert of each Slack channel, with the `ts` of the card that it belongs to."""
    undelivered = outbox.c.done_at.is_(None) & readable
    first = select(func.min(outbox.c.id)).where(undelivered).group_by(outbox.c.slack_channel)
    card = recordings.c.id == outbox.c.recording_id
    return select(outbox, recordings.c.card_ts).join(recordings, card).where(outbox.c.id.in_(first))


def _job(row: Row[Any], alert: Alert) -> AlertJob:
    return AlertJob(
        id=row.id,
        alert=alert,
        card_ts=row.card_ts,
        due_at=row.due_at,
        tries=row.tries,
        direct=row.direct,
        resolved_at=row.resolved_at,
    )


def _resolutions(condition: ColumnElement[bool]) -> Select[Any]:
    """Resolved warnings that have a message, and whose message does not show it yet."""
    return select(outbox).where(outbox.c.resolution_due_at.is_not(None) & outbox.c.ts.is_not(None) & condition)


def _resolution(row: Row[Any], alert: Alert) -> ResolutionJob:
    return ResolutionJob(
        id=row.id,
        alert=alert,
        ts=row.ts,
        resolved_at=row.resolved_at,
        acknowledgement=_acknowledgement(row),
        due_at=row.resolution_due_at,
        tries=row.resolution_tries,
        direct=row.direct,
    )


def _acknowledgement(row: Row[Any]) -> Acknowledgement | None:
    return None if row.taken_by is None else Acknowledgement(row.taken_by, row.taken_at)
