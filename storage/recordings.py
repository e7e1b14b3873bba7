"""Recordings: intents from listeners, steps from the engine, and the cards that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, case, false, func, or_, select, true
from sqlalchemy.exc import IntegrityError

from recordings.errors import StorageUnavailable
from recordings.lifecycle.actions import Change
from recordings.lifecycle.intents import IntentChange, apply_intent
from recordings.model.audit import AuditEvent
from recordings.model.listing import Cursor
from recordings.model.reason import Reason
from recordings.model.recording import OVER, Recording, State
from recordings.model.timeline import entries_between
from recordings.repositories import CardJob, Job, Queue, Reply
from storage import audit, notifications, outbox, recorders, rows, timeline
from storage.database import Database
from storage.lease import fence
from storage.tables import ACTIVE, INCOMPLETE, TAKES_CHANNEL, recordings, requests
from storage.tables import recorders as recorders_table
from storage.unreadable import RowReader, due_rows

_REPLY_LIFE = timedelta(minutes=30)
_REQUEST_LIFE = timedelta(days=1)
_TO_BE_RESUMED = (recordings.c.state == State.INTERRUPTED) & recordings.c.sid.is_(None)
_TO_BE_STOPPED = recordings.c.stop_wanted_at.is_not(None) & (recordings.c.state != State.UPLOADING)
_NOBODY_WAITS = (
    recordings.c.state.in_((State.RECORDING, State.INTERRUPTED, State.UPLOADING)) & ~_TO_BE_RESUMED & ~_TO_BE_STOPPED
)
_IN_QUEUE = {
    None: true(),
    Queue.INTERACTIVE: ~recordings.c.files_awaited & ~_NOBODY_WAITS,
    Queue.POLL: ~recordings.c.files_awaited & _NOBODY_WAITS,
    Queue.DELIVERY: recordings.c.files_awaited,
}
"""Of an incomplete recording: the same as `recordings.repositories.queue_of`."""
_POSTED = recordings.c.card_ts.is_not(None) | (recordings.c.state == State.ENDED)
_OVER_FIRST = case((recordings.c.state.in_(OVER), 0), else_=1)
_CARD_DUE = (recordings.c.version > recordings.c.card_version) & _POSTED
_REPLY_DUE = (
    recordings.c.response_url.is_not(None)
    & (recordings.c.state == State.FAILED)
    & (recordings.c.reason == Reason.UNDELIVERABLE)
)


class Recordings:
    """The recordings of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recordings = RowReader(database.unreadable, recordings, rows.recording)
        self._recorders = RowReader(database.unreadable, recorders_table, rows.recorder)

    # intents

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        values = rows.columns(recording)
        values |= {"response_url": response_url, "reply_due_at": recording.requested_at, "version": 1}
        for _ in range(2):  # the other recording may release its channel between the two statements
            try:
                with self._database.write() as connection:
                    _add_request(connection, request, recording.id, recording.requested_at)
                    connection.execute(recordings.insert().values(values))
                    audit.add(connection, audit_event)
            except IntegrityError:
                other = self._in_agora_channel(recording.agora_channel) or self.recording_of_request(request)
                if other is not None:
                    return other
            else:
                return None
        raise StorageUnavailable("a recording that this release can't read has this Agora channel or this request")

    def _in_agora_channel(self, agora_channel: str) -> Recording | None:
        return self._one((recordings.c.agora_channel == agora_channel) & TAKES_CHANNEL)

    def change_intent(
        self,
        recording_id: str,
        change: IntentChange,
        at: datetime,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> tuple[Recording, Recording]:
        this = recordings.c.id == recording_id
        with suppress(IntegrityError), self._database.write() as connection:  # the same request, at the same moment
            before = self._required(connection.execute(select(recordings).where(this).with_for_update()).one())
            applied = None if _is_known(connection, request) else apply_intent(before, change, at)
            if applied is None:
                return before, before
            values = rows.columns(applied.recording.intent)
            due = {"version": recordings.c.version + 1, "next_step_at": applied.recording.next_step_at}
            connection.execute(recordings.update().where(this).values({**values, **due}))
            _add_request(connection, request, recording_id, at)
            audit.add(connection, audit_event)
            timeline.add(connection, applied.entries, at)
            return before, applied.recording
        with self._database.read() as connection:
            unchanged = self._required(connection.execute(select(recordings).where(this)).one())
        return unchanged, unchanged

    def _required(self, row: Row[tuple[object, ...]]) -> Recording:
        recording = self._recordings.one(row)
        if recording is None:
            raise StorageUnavailable(f"this release can't read the recording {row.id}")
        return recording

    def recording_of_request(self, request: str | None) -> Recording | None:
        if request is None:
            return None
        query = select(recordings).join(requests, requests.c.recording_id == recordings.c.id)
        with self._database.read() as connection:
            row = connection.execute(query.where(requests.c.id == request)).one_or_none()
        return self._recordings.one(row)

    # views

    def recording(self, recording_id: str) -> Recording | None:
        return self._one(recordings.c.id == recording_id)

    def _one(self, condition: ColumnElement[bool]) -> Recording | None:
        with self._database.read() as connection:
            row = connection.execute(select(recordings).where(condition)).one_or_none()
        return self._recordings.one(row)

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, limit: int
    ) -> Sequence[Recording]:
        meant = recordings.c.slack_channel == slack_channel
        if agora_channel is not None:
            meant &= recordings.c.agora_channel == agora_channel
        if before is not None:
            meant &= _after_cursor(before)
        newest_first = recordings.c.requested_at.desc(), recordings.c.id.desc()
        query = select(recordings).where(meant).order_by(*newest_first).limit(limit)
        with self._database.read() as connection:
            return [recording for _, recording in self._recordings.many(connection, query.where)]

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        return self._select(ACTIVE & (recordings.c.slack_channel == slack_channel))

    def active(self) -> Sequence[Recording]:
        return self._select(ACTIVE)

    def _select(self, condition: ColumnElement[bool]) -> Sequence[Recording]:
        query = select(recordings).where(condition).order_by(recordings.c.requested_at, recordings.c.id)
        with self._database.read() as connection:
            return [recording for _, recording in self._recordings.many(connection, query.where)]

    # steps

    def due(self, limit: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        query = select(recordings.c.id, recordings.c.next_step_at).where(INCOMPLETE & _IN_QUEUE[queue])
        query = query.order_by(recordings.c.next_step_at).limit(limit)
        with self._database.read() as connection:
            recorder = self._recorders.readable(connection, by=recordings.c.recorder_id)
            return due_rows(connection.execute(query.where(self._recordings.readable(connection) & recorder)))

    def count_by_state(self) -> dict[str, int]:
        query = select(recordings.c.state, func.count()).where(ACTIVE).group_by(recordings.c.state)
        with self._database.read() as connection:
            return {str(state): count for state, count in connection.execute(query)}

    def job(self, recording_id: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(select(recordings).where(recordings.c.id == recording_id)).one_or_none()
            recording = self._recordings.one(row)
            if recording is None:
                return None
            wanted = select(recorders_table).where(recorders_table.c.id == recording.recorder_id)
            row = connection.execute(wanted).one_or_none()
        recorder = self._recorders.one(row)
        # Without the recorder that it wants a step would allocate another one.
        return None if row is not None and recorder is None else Job(recording, recorder)

    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None:
        after = change.recording
        values = rows.step_columns(after)
        if after.card_ts == before.card_ts:
            del values["card_ts"]  # the delivery may have posted another card since `before` was read
        unchanged_intent = recordings.c.poked == before.intent.revision
        values["next_step_at"] = case((unchanged_intent, after.next_step_at), else_=now)
        if before.card_content != after.card_content:
            values["version"] = recordings.c.version + 1
            held = (recordings.c.card_due_at > now) if not after.is_over else false()
            values["card_due_at"] = case((held, recordings.c.card_due_at), else_=now)
        if before.card_ts is None and after.card_ts is not None:
            values |= {"response_url": None, "card_version": 1}
        with self._database.write() as connection:
            fence(connection, epoch)
            this = (recordings.c.id == after.id) & (unchanged_intent if change.only_if_unchanged else true())
            if connection.execute(recordings.update().where(this).values(values)).rowcount:
                _write_beside(connection, before, change, now)

    def any_without_answer(self, since: datetime) -> bool:
        query = select(recordings.c.id).where(ACTIVE & (recordings.c.unanswered_since <= since)).limit(1)
        with self._database.read() as connection:
            return connection.execute(query.where(self._recordings.readable(connection))).first() is not None

    # cards

    def due_cards(self, limit: int) -> Sequence[tuple[str, datetime]]:
        due_at = func.coalesce(recordings.c.card_due_at, recordings.c.requested_at, type_=recordings.c.card_due_at.type)
        query = select(recordings.c.id, due_at).where(_CARD_DUE)
        query = query.order_by(_OVER_FIRST, recordings.c.card_due_at).limit(limit)
        with self._database.read() as connection:
            return due_rows(connection.execute(query.where(self._recordings.readable(connection))))

    def card(self, recording_id: str) -> CardJob | None:
        query = select(recordings).where((recordings.c.id == recording_id) & _CARD_DUE)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        recording = self._recordings.one(row)
        return None if row is None or recording is None else CardJob(recording, row.version, row.card_tries)

    def mark_card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None:
        drawn = {"card_version": version, "card_ts": ts, "card_due_at": next_at, "card_tries": 0}
        self._update(recording_id, drawn, epoch)

    def defer_card(self, recording_id: str, until: datetime, epoch: int) -> None:
        self._update(recording_id, {"card_due_at": until, "card_tries": recordings.c.card_tries + 1}, epoch)

    # replies

    def due_replies(self, limit: int) -> Sequence[tuple[str, datetime]]:
        query = select(recordings.c.id, recordings.c.reply_due_at).where(_REPLY_DUE)
        query = query.order_by(recordings.c.reply_due_at).limit(limit)
        with self._database.read() as connection:
            return due_rows(connection.execute(query.where(self._recordings.readable(connection))))

    def reply(self, recording_id: str) -> Reply | None:
        query = select(recordings).where((recordings.c.id == recording_id) & _REPLY_DUE)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        recording = self._recordings.one(row)
        return None if row is None or recording is None else Reply(recording, row.response_url)

    def mark_replied(self, recording_id: str, epoch: int) -> None:
        self._update(recording_id, {"response_url": None}, epoch)

    def defer_reply(self, recording_id: str, until: datetime, epoch: int) -> None:
        self._update(recording_id, {"reply_due_at": until}, epoch)

    # housekeeping

    def forget_response_urls(self, now: datetime) -> None:
        """Slack accepts no reply there after 30 minutes."""
        has_url = recordings.c.response_url.is_not(None)
        useless = has_url & or_(recordings.c.requested_at < now - _REPLY_LIFE, recordings.c.state == State.ENDED)
        with self._database.read() as connection:
            if connection.execute(select(recordings.c.id).where(useless).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(recordings.update().where(useless).values(response_url=None))

    def forget_requests(self, now: datetime) -> None:
        """Slack delivers nothing again after a day."""
        old = requests.c.received_at < now - _REQUEST_LIFE
        with self._database.read() as connection:
            if connection.execute(select(requests.c.id).where(old).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(requests.delete().where(old))

    def _update(self, recording_id: str, values: Mapping[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(recordings.update().where(recordings.c.id == recording_id).values(dict(values)))


def _write_beside(connection: Connection, before: Recording, change: Change, now: datetime) -> None:
    """Writes what a step changes in other tables."""
    after = change.recording
    for recorder in change.recorders:
        recorders.write(connection, recorder)
    for alert in change.alerts:
        outbox.add(connection, alert)
    for audit_event in change.audit_events:
        audit.add(connection, audit_event)
    timeline.add(connection, entries_between(before, after, now), now)
    if after.sid is not None and after.sid != before.sid:
        notifications.adopt(connection, after.id, after.sid)
    if change.processed:
        notifications.mark_processed(connection, change.processed, now)


def _after_cursor(cursor: Cursor) -> ColumnElement[bool]:
    at, row = recordings.c.requested_at, recordings.c.id
    # The first condition alone would be enough; with it SQLite uses the index of channel and time.
    return (at <= cursor.requested_at) & ((at < cursor.requested_at) | (row < cursor.id))


def _add_request(connection: Connection, request: str | None, recording_id: str, at: datetime) -> None:
    """Writes what a request from Slack led to. The table's key refuses a second delivery of the same request."""
    if request is not None:
        connection.execute(requests.insert().values(id=request, recording_id=recording_id, received_at=at))


def _is_known(connection: Connection, request: str | None) -> bool:
    return connection.execute(select(requests.c.id).where(requests.c.id == request)).first() is not None
