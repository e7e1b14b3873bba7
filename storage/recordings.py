"""Recordings: wishes from listeners, steps from the engine, and the cards that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, false, func, or_, select, true
from sqlalchemy.exc import IntegrityError

from recordings.errors import StorageUnavailable
from recordings.lifecycle.actions import Change
from recordings.lifecycle.intents import IntentChange, apply_intent
from recordings.model.audit import AuditEvent
from recordings.model.listing import Cursor
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import OVER, Recording, State
from recordings.model.timeline import entries_between
from recordings.repositories import CardJob, Job, Queue, Reply
from storage import audit, notifications, outbox, recorders, rows, timeline
from storage.database import Database
from storage.lease import fence
from storage.tables import ACTIVE, INCOMPLETE, TAKES_CHANNEL, recordings, requests
from storage.tables import recorders as recorder_rows

_REPLY_LIFE = timedelta(minutes=30)
_REQUEST_LIFE = timedelta(days=1)
_RECORDED_ON = (recordings.c.state == State.INTERRUPTED) & recordings.c.sid.is_(None)
"""Lost, and another recorder has yet to be started: as urgent as a first start."""
_WATCHED = recordings.c.state.in_((State.RECORDING, State.INTERRUPTED, State.UPLOADING)) & ~_RECORDED_ON
_ASKED = ~_WATCHED | (recordings.c.stop_wanted_at.is_not(None) & (recordings.c.state != State.UPLOADING))
_SHARES = {
    None: true(),
    Queue.INTERACTIVE: ~recordings.c.files_awaited & _ASKED,
    Queue.POLL: ~recordings.c.files_awaited & ~_ASKED,
    Queue.DELIVERY: recordings.c.files_awaited,
}
_POSTED = recordings.c.card_ts.is_not(None) | (recordings.c.state == State.ENDED)
_OVER_FIRST = case((recordings.c.state.in_(OVER), 0), else_=1)
_UNDRAWN = (recordings.c.version > recordings.c.card_version) & _POSTED
_UNANSWERED = (
    recordings.c.response_url.is_not(None)
    & (recordings.c.state == State.FAILED)
    & (recordings.c.reason == Reason.UNDELIVERABLE)
)


class Recordings:
    """The recordings of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # wishes

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        values = rows.columns(recording)
        values |= {"response_url": response_url, "reply_due_at": recording.requested_at, "version": 1}
        for _ in range(2):
            try:
                with self._database.write() as connection:
                    _remember(connection, request, recording.id, recording.requested_at)
                    connection.execute(recordings.insert().values(values))
                    audit.add(connection, audit_event)
            except IntegrityError:
                holder = self._holder(recording.agora_channel) or self.recording_of_request(request)
                if holder is not None:
                    return holder
            else:
                return None
        raise StorageUnavailable("the channel is taken and not taken")

    def _holder(self, agora_channel: str) -> Recording | None:
        taken = (recordings.c.agora_channel == agora_channel) & TAKES_CHANNEL
        with self._database.read() as connection:
            row = connection.execute(select(recordings).where(taken)).one_or_none()
        return None if row is None else rows.recording(row)

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
            before = rows.recording(connection.execute(select(recordings).where(this).with_for_update()).one())
            applied = None if _is_known(connection, request) else apply_intent(before, change, at)
            if applied is None:
                return before, before
            values = rows.columns(applied.recording.intent)
            due = {"version": recordings.c.version + 1, "next_step_at": applied.recording.next_step_at}
            connection.execute(recordings.update().where(this).values({**values, **due}))
            _remember(connection, request, recording_id, at)
            audit.add(connection, audit_event)
            timeline.add(connection, applied.entries, at)
            return before, applied.recording
        with self._database.read() as connection:
            unchanged = rows.recording(connection.execute(select(recordings).where(this)).one())
        return unchanged, unchanged

    def recording_of_request(self, request: str | None) -> Recording | None:
        if request is None:
            return None
        query = select(recordings).join(requests, requests.c.recording_id == recordings.c.id)
        with self._database.read() as connection:
            row = connection.execute(query.where(requests.c.id == request)).one_or_none()
        return None if row is None else rows.recording(row)

    # views

    def recording(self, recording_id: str) -> Recording | None:
        found = self._select(recordings.c.id == recording_id)
        return found[0] if found else None

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, most: int
    ) -> Sequence[Recording]:
        meant = recordings.c.slack_channel == slack_channel
        if agora_channel is not None:
            meant &= recordings.c.agora_channel == agora_channel
        if before is not None:
            meant &= _before(before)
        query = select(recordings).where(meant).order_by(recordings.c.requested_at.desc(), recordings.c.id.desc())
        with self._database.read() as connection:
            return [rows.recording(row) for row in connection.execute(query.limit(most))]

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        return self._select(ACTIVE & (recordings.c.slack_channel == slack_channel))

    def active(self) -> Sequence[Recording]:
        return self._select(ACTIVE)

    def _select(self, condition: ColumnElement[bool]) -> Sequence[Recording]:
        query = select(recordings).where(condition).order_by(recordings.c.requested_at, recordings.c.id)
        with self._database.read() as connection:
            return [rows.recording(row) for row in connection.execute(query)]

    # steps

    def due(self, most: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        query = select(recordings.c.id, recordings.c.next_step_at).where(INCOMPLETE & _SHARES[queue])
        with self._database.read() as connection:
            found = connection.execute(query.order_by(recordings.c.next_step_at).limit(most)).all()
        return [(row.id, row.next_step_at) for row in found]

    def by_state(self) -> dict[str, int]:
        """How many recordings are in each state, those that are over left out."""
        query = select(recordings.c.state, func.count()).where(ACTIVE).group_by(recordings.c.state)
        with self._database.read() as connection:
            return {str(state): count for state, count in connection.execute(query)}

    def job(self, recording_id: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(select(recordings).where(recordings.c.id == recording_id)).one_or_none()
            if row is None:
                return None
            recorder = _recorder(connection, row.recorder_id)
        return Job(rows.recording(row), recorder)

    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None:
        """Writes what a step brought, unless another replica leads. A row that was poked since `before` was read
        stays due."""
        after = change.recording
        values = rows.step_columns(after)
        if after.card_ts == before.card_ts:
            # The notifier may have posted the card anew meanwhile.
            del values["card_ts"]
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
            if connection.execute(recordings.update().where(this).values(values)).rowcount == 0:
                return
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
                notifications.processed(connection, change.processed, now)

    def any_unanswered(self, since: datetime) -> bool:
        """Whether some recording has had no usable answer since then or longer."""
        query = select(recordings.c.id).where(ACTIVE & (recordings.c.unanswered_since <= since)).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    # cards

    def undrawn(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that are newer than their card, with the time to draw it, the most urgent first."""
        query = select(recordings.c.id, recordings.c.card_due_at, recordings.c.requested_at).where(_UNDRAWN)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(_OVER_FIRST, recordings.c.card_due_at).limit(most)).all()
        return [(row.id, row.card_due_at or row.requested_at) for row in found]

    def card(self, recording_id: str) -> CardJob | None:
        query = select(recordings).where((recordings.c.id == recording_id) & _UNDRAWN)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else CardJob(rows.recording(row), row.version, row.card_tries)

    def card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None:
        """The card shows this version; it is drawn again at `next_at` at the earliest."""
        drawn = {"card_version": version, "card_ts": ts, "card_due_at": next_at, "card_tries": 0}
        self._set(recording_id, drawn, epoch)

    def card_deferred(self, recording_id: str, until: datetime, epoch: int) -> None:
        self._set(recording_id, {"card_due_at": until, "card_tries": recordings.c.card_tries + 1}, epoch)

    # replies

    def unanswered(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of failures that can only be told to the person who asked, with the time to do so."""
        query = select(recordings.c.id, recordings.c.reply_due_at).where(_UNANSWERED)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(recordings.c.reply_due_at).limit(most)).all()
        return [(row.id, row.reply_due_at) for row in found]

    def reply(self, recording_id: str) -> Reply | None:
        query = select(recordings).where((recordings.c.id == recording_id) & _UNANSWERED)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Reply(rows.recording(row), row.response_url)

    def replied(self, recording_id: str, epoch: int) -> None:
        self._set(recording_id, {"response_url": None}, epoch)

    def reply_deferred(self, recording_id: str, until: datetime, epoch: int) -> None:
        self._set(recording_id, {"reply_due_at": until}, epoch)

    def forget_response_urls(self, now: datetime) -> None:
        """Slack takes no reply there after 30 minutes."""
        old = recordings.c.response_url.is_not(None) & (recordings.c.requested_at < now - _REPLY_LIFE)
        over = recordings.c.response_url.is_not(None) & (recordings.c.state == State.ENDED)
        with self._database.read() as connection:
            if connection.execute(select(recordings.c.id).where(or_(old, over)).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(recordings.update().where(or_(old, over)).values(response_url=None))

    def forget_requests(self, now: datetime) -> None:
        """Slack delivers nothing again after a day."""
        old = requests.c.received_at < now - _REQUEST_LIFE
        with self._database.read() as connection:
            if connection.execute(select(requests.c.id).where(old).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(requests.delete().where(old))

    def _set(self, recording_id: str, values: Mapping[str, object], epoch: int) -> None:
        with self._database.write() as connection:
            fence(connection, epoch)
            connection.execute(recordings.update().where(recordings.c.id == recording_id).values(dict(values)))


def _before(cursor: Cursor) -> ColumnElement[bool]:
    at, row = recordings.c.requested_at, recordings.c.id
    # The first condition alone would do without the index of channel and time.
    return (at <= cursor.requested_at) & ((at < cursor.requested_at) | (row < cursor.id))


def _remember(connection: Connection, request: str | None, recording_id: str, at: datetime) -> None:
    """Notes what a request of Slack's led to: delivered again, it breaks the table's key and changes nothing."""
    if request is not None:
        connection.execute(requests.insert().values(id=request, recording_id=recording_id, received_at=at))


def _is_known(connection: Connection, request: str | None) -> bool:
    return connection.execute(select(requests.c.id).where(requests.c.id == request)).first() is not None


def _recorder(connection: Connection, recorder_id: str | None) -> Recorder | None:
    if recorder_id is None:
        return None
    row = connection.execute(select(recorder_rows).where(recorder_rows.c.id == recorder_id)).one_or_none()
    return None if row is None else rows.recorder(row)
