"""A row with a value that this release does not know is set aside, counted and logged once; no other row waits for it.

Rows are damaged in the database itself, as a newer release or an operator would write them: SQLite and PostgreSQL only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select
from structlog.testing import capture_logs

from engine.dispatcher import Dispatcher, Worker
from recordings.errors import StorageUnavailable
from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Review
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind, Incident
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import Layout
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.repositories import Queue
from storage import tables
from storage.database import Database
from tests.contract.conftest import ON_POSTGRESQL, PATIENT_SECONDS, Stored, on_sql
from tests.fakes.agora_notifications import new_notification
from tests.fakes.intents import request_stop, set_end
from tests.fakes.rows import NOW, FunctionClock, a_recording, an_alert, at, over, running, up

AGAIN = 60.0
"""Seconds until a row that is set aside is read again."""


class Damaged:
    """A database, what is stored in it, and the seconds that have passed."""

    def __init__(self, url: str) -> None:
        self.seconds = 0.0
        self.database = Database(url, busy_seconds=PATIENT_SECONDS, monotonic=lambda: self.seconds)
        self.stored = on_sql(self.database)

    def value(self, table: Table, key: object, column: str) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(table.c[column]).where(table.c.id == key)).scalar_one()

    def write(self, table: Table, key: object, column: str, value: Any) -> None:
        with self.database.write() as connection:
            connection.execute(table.update().where(table.c.id == key).values({column: value}))

    def write_raw(self, table: Table, key: object, column: str, text: str) -> None:
        """SQLite stores any text in any column."""
        with self.database.write() as connection:
            sql = f"UPDATE {table.name} SET {column} = ? WHERE id = ?"  # noqa: S608 - names of the program's own tables
            connection.exec_driver_sql(sql, (text, key))

    @property
    def count(self) -> int:
        return self.database.unreadable.count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def damaged(request: pytest.FixtureRequest) -> Iterator[Damaged]:
    damaged = Damaged(request.getfixturevalue(f"{request.param}_url"))
    yield damaged
    damaged.database.close()


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Damaged]:
    damaged = Damaged(sqlite_url)
    yield damaged
    damaged.database.close()


# for each table: rows, one of which will be damaged, and everything that reads them

Reader = Callable[[Stored], Sequence[object]]


@dataclass(frozen=True)
class Subject:
    """A table. `fill` writes a good row and the one with the key `key`. Each of `readers` gives `everything` while all
    can be read, and `readable` while that one can't. `damage`: unknown values for its columns."""

    table: Table
    key: object
    fill: Callable[[Stored], None]
    readers: Sequence[Reader]
    everything: Sequence[object]
    readable: Sequence[object]
    damage: Sequence[tuple[str, Any]]


def two_recordings(stored: Stored) -> None:
    """Both with a step and a card that are due."""
    for name in ("bad", "good"):
        stored.added(up(id=name, agora_channel=name, card_ts="1.1", requested_at=at(name == "good")))


def ids(recordings: Sequence[Recording]) -> list[str]:
    return [recording.id for recording in recordings]


def stepped(stored: Stored) -> list[str]:
    """The ids that the dispatcher gets after it has taken each due row once."""
    for key, _ in stored.recordings.due(9):
        stored.recordings.job(key)
    return sorted(key for key, _ in stored.recordings.due(9))


def drawn(stored: Stored) -> list[str]:
    for key, _ in stored.recordings.due_cards(9):
        stored.recordings.card(key)
    return sorted(key for key, _ in stored.recordings.due_cards(9))


def one_by_one(stored: Stored) -> list[str]:
    return [key for key in ("bad", "good") if stored.recordings.recording(key) is not None]


RECORDINGS = Subject(
    tables.recordings,
    "bad",
    two_recordings,
    [
        stepped,
        drawn,
        one_by_one,
        lambda s: ids(s.recordings.active()),
        lambda s: ids(s.recordings.active_in("C1")),
        lambda s: ids(s.recordings.of_channel("C1", limit=9))[::-1],
        lambda s: [key for key in ("bad", "good") if s.recordings.job(key) is not None],
    ],
    ["bad", "good"],
    ["good"],
    [
        ("state", "archived"),
        *((column, "sunspots") for column in re.findall(r"\w+", "reason, ending, unanswered_reason")),
        ("layout_wanted", "circle"),
        ("options", {"layout": "circle"}),
        ("options", ["video"]),
        ("told", {"exit": "abducted"}),
        ("told", "<text>"),
        ("told", {"gaps": [{"begun_at": "yesterday", "ended_at": "today"}]}),
        ("lost_parts", {"sid": "S"}),
        ("lost_parts", [{"sid": "S"}]),
        ("delivery", {"state": "frozen"}),
        ("delivery", {"state": "ready", "parts": [{"key": "a", "size": "large"}]}),
        ("delivery", 7),
        ("shown", {"layout": "circle"}),
        ("files", {"a": 1}),
        ("files", [1]),
    ],
)


def two_recorders(stored: Stored) -> None:
    recording = stored.added(up())
    unwanted = [running(id=name, wanted=False, uid=uid) for uid, name in enumerate(("bad", "good"))]
    stored.saved(recording, Change(recording, tuple(unwanted)))


def removed(stored: Stored) -> list[str]:
    for key, _ in stored.recorders.due(9):
        stored.recorders.get(key)
    return sorted(key for key, _ in stored.recorders.due(9))


RECORDERS = Subject(
    tables.recorders,
    "bad",
    two_recorders,
    [
        removed,
        lambda s: [recorder.id for recorder in s.recorders.of_recording("rec1")],
        lambda s: [recorder.id for recorder in s.recorders.of_channel("daily", NOW)],
        lambda s: [key for key in ("bad", "good") if s.recorders.get(key) is not None],
    ],
    ["bad", "good"],
    ["good"],
    [],  # no column has values of an enumeration, or JSON
)


def three_alerts(stored: Stored) -> None:
    """1 and 2 in one Slack channel, 3 in another one."""
    for channel, causes in (("C1", ("1", "2")), ("C2", ("3",))):
        recording = stored.added(up(id=channel, slack_channel=channel, agora_channel=channel, card_ts="1.1"))
        for cause in causes:
            stored.saved(recording, Change(recording, alerts=(an_alert(recording, cause=cause),)))


ALERTS = Subject(
    tables.outbox,
    1,
    three_alerts,
    [
        lambda s: sorted(job.id for job in s.outbox.due()),
        lambda s: [number for number in (1, 2, 3) if s.outbox.get(number) is not None],
    ],
    [1, 3],
    [2, 3],
    [
        ("kind", "recording_sung"),
        ("reason", "sunspots"),
        ("recording", {}),
        ("recording", ["no", "object"]),
        ("recording", {"id": "C1", "state": "archived"}),
        ("recording", {"files": 7, "state": "recording"}),
    ],
)


def three_entries(stored: Stored) -> None:
    """1 and 2 in one Slack channel, 3 in another one."""
    for channel, count in (("C1", 2), ("C2", 1)):
        stored.added(up(id=channel, slack_channel=channel, agora_channel=channel, card_ts="1.1"))
        for number in range(count):
            set_end(stored.recordings, channel, "U2", at(number), lambda row: at(3_600 + row.intent.revision))


ENTRIES = Subject(
    tables.timeline_entries,
    1,
    three_entries,
    [
        lambda s: sorted(job.id for job in s.timeline.due()),
        lambda s: [number for number in (1, 2, 3) if s.timeline.get(number) is not None],
    ],
    [1, 3],
    [2, 3],
    [("what", "sung"), ("layout", "circle")],
)


def two_notifications(stored: Stored) -> None:
    stored.added(up())
    stored.notifications.keep(new_notification(id="bad"))
    stored.notifications.keep(new_notification(id="good", sent_at=at(1), received_at=at(1)))


NOTIFICATIONS = Subject(
    tables.notifications,
    "bad",
    two_notifications,
    [lambda s: [notification.id for notification in s.notifications.unprocessed("rec1")]],
    ["bad", "good"],
    ["good"],
    [("event", 45), ("facts", []), ("facts", {"files": 7}), ("facts", {"code": "many"})],
)


def an_event(seconds: float) -> AuditEvent:
    return AuditEvent(
        at=at(seconds),
        who=f"U{seconds}",
        what=AuditAction.GOT_LINKS,
        source=Source.BUTTON,
        recording_id="rec1",
        slack_channel="C1",
    )


def two_events(stored: Stored) -> None:
    for number in (1, 2):
        stored.audit_log.add(an_event(number))


AUDIT_EVENTS = Subject(
    tables.audit_events,
    1,
    two_events,
    [
        lambda s: [event.who for event in s.audit_log.all()],
        lambda s: [event.who for event, _ in s.audit_log.between(NOW)],
    ],
    ["U1", "U2"],
    ["U2"],
    [("what", "sung"), ("source", "telepathy")],
)


def an_incident(name: str, channel: str) -> Incident:
    return Incident(
        id=name, slack_channel=channel, reason=Reason.AGORA_UNREACHABLE, recording_id=channel, opened_at=NOW
    )


def two_incidents(stored: Stored) -> None:
    for name, channel in (("bad", "C1"), ("good", "C2")):
        stored.added(up(id=channel, slack_channel=channel, agora_channel=channel))
        stored.incidents.save(Review((an_incident(name, channel),), ()), stored.epoch)


INCIDENTS = Subject(
    tables.incidents,
    "bad",
    two_incidents,
    [lambda s: sorted(incident.id for incident, _ in s.incidents.open())],
    ["bad", "good"],
    ["good"],
    [("reason", "sunspots")],
)

SUBJECTS = {
    subject.table.name: subject
    for subject in (RECORDINGS, RECORDERS, ALERTS, ENTRIES, NOTIFICATIONS, AUDIT_EVENTS, INCIDENTS)
}


def check(damaged: Damaged, subject: Subject, column: str, value: object, write: Callable[[], None]) -> None:
    """Damages a row, reads as much as there is to read, mends it, and reads everything again."""
    stored, case = damaged.stored, (subject.table.name, column, value)
    before = damaged.value(subject.table, subject.key, column)
    write()
    with capture_logs() as logs:
        for reader in (*subject.readers, *subject.readers):
            assert list(reader(stored)) == list(subject.readable), case
        damaged.seconds += AGAIN
        for reader in subject.readers:
            assert list(reader(stored)) == list(subject.readable), (case, "after it was read again")
    (line,) = [line for line in logs if line["event"] == "row_unreadable"]
    assert (line["table"], line["row"]) == (subject.table.name, subject.key), case
    assert line["column"].startswith(column) or column == "facts", case
    assert damaged.count == 1, case

    damaged.write(subject.table, subject.key, column, before)
    damaged.seconds += AGAIN
    with capture_logs() as logs:
        for reader in subject.readers:
            assert list(reader(stored)) == list(subject.everything), (case, "after it was mended")
    assert [line["event"] for line in logs] == ["row_readable_again"], case
    assert damaged.count == 0, case


@pytest.mark.parametrize("table", SUBJECTS)
def test_an_unknown_value_sets_its_own_row_aside_until_it_is_mended(damaged: Damaged, table: str) -> None:
    subject = SUBJECTS[table]
    subject.fill(damaged.stored)
    for reader in subject.readers:
        assert list(reader(damaged.stored)) == list(subject.everything)

    for column, value in subject.damage:

        def write(column: str = column, value: object = value) -> None:
            damaged.write(subject.table, subject.key, column, value)

        check(damaged, subject, column, value, write)


RAW = {
    "recordings": ["files", "told", "delivery", "next_step_at", "requested_at", "tries"],
    "recorders": ["uid", "next_step_at", "expires_at"],
    "outbox": ["recording", "raised_at"],
    "lines": ["at", "moment"],
    "notices": ["facts", "sequence", "sent_at"],
    "acts": ["at"],
    "troubles": ["opened_at"],
}


@pytest.mark.parametrize("table", RAW)
def test_text_in_a_column_of_another_type_sets_its_own_row_aside_on_sqlite(on_sqlite: Damaged, table: str) -> None:
    subject = SUBJECTS[table]
    subject.fill(on_sqlite.stored)
    for column in RAW[table]:

        def write(column: str = column) -> None:
            on_sqlite.write_raw(subject.table, subject.key, column, "soon")

        check(on_sqlite, subject, column, "soon", write)


# what depends on more than one row


def test_a_row_that_was_mended_is_read_at_once_when_somebody_asks_for_it(damaged: Damaged) -> None:
    two_recordings(damaged.stored)
    damaged.write(tables.recordings, "bad", "state", "archived")
    assert damaged.stored.recordings.recording("bad") is None

    damaged.write(tables.recordings, "bad", "state", State.RECORDING)

    assert damaged.stored.recordings.recording("bad") is not None
    assert stepped(damaged.stored) == ["bad", "good"]
    assert damaged.count == 0


def test_a_row_that_was_deleted_is_not_counted_any_more(damaged: Damaged) -> None:
    two_notifications(damaged.stored)
    damaged.write(tables.notifications, "bad", "event", 45)
    assert len(damaged.stored.notifications.unprocessed("rec1")) == 1
    with damaged.database.write() as connection:
        connection.execute(tables.notifications.delete())
    damaged.seconds += AGAIN
    damaged.stored.notifications.unprocessed("rec1")

    assert damaged.count == 0


def test_unreadable_rows_take_no_place_below_the_limit_of_due_rows(damaged: Damaged) -> None:
    stored = damaged.stored
    for name in ("bad 1", "bad 2", "good"):
        stored.added(up(id=name, agora_channel=name, card_ts="1.1"))
        stored.recordings.defer_card(name, at(0 if name != "good" else 1), stored.epoch)
    for name in ("bad 1", "bad 2"):
        damaged.write(tables.recordings, name, "layout_wanted", "circle")
        assert stored.recordings.job(name) is None

    assert [key for key, _ in stored.recordings.due(1)] == ["good"]
    assert [key for key, _ in stored.recordings.due(1, Queue.POLL)] == ["good"]
    assert [key for key, _ in stored.recordings.due_cards(1)] == ["good"]
    assert ids(stored.recordings.of_channel("C1", limit=1)) == ["good"]


class Jobs:
    """Work that only reads its rows, so that those that can be read stay due."""

    name = "recording"

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.taken: list[str] = []
        self.enough = threading.Event()

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.stored.recordings.due(9)

    def run(self, key: str, epoch: int) -> None:
        self.taken.append(key)
        self.stored.recordings.job(key)
        if self.taken.count("good") == 10:
            self.enough.set()


def test_the_dispatcher_does_not_take_an_unreadable_row_again_and_again(damaged: Damaged) -> None:
    two_recordings(damaged.stored)
    damaged.write(tables.recordings, "bad", "state", "archived")
    jobs = Jobs(damaged.stored)
    with ThreadPoolExecutor(2) as pool:
        dispatcher = Dispatcher([Worker(jobs, pool)], lambda: damaged.stored.epoch, FunctionClock())
        dispatcher.start()
        try:
            assert jobs.enough.wait(60)
        finally:
            dispatcher.drain(60)

    # A look that began before the row was set aside can still bring it.
    assert jobs.taken.count("bad") <= 2


def test_a_list_is_full_though_its_newest_rows_cannot_be_read(damaged: Damaged) -> None:
    for number in range(12):
        damaged.stored.added(over(id=f"r{number:02}", agora_channel=f"a{number}", requested_at=at(number)))
    for number in range(6, 12):
        damaged.write(tables.recordings, f"r{number:02}", "reason", "sunspots")

    assert ids(damaged.stored.recordings.of_channel("C1", limit=3)) == ["r05", "r04", "r03"]
    assert damaged.count == 6


def test_a_recording_whose_recorder_cannot_be_read_is_not_stepped(on_sqlite: Damaged) -> None:
    """A step without the recorder that it wants would start a second one."""
    stored = on_sqlite.stored
    recording = stored.added(up(recorder_id="rec1.1"))
    stored.saved(recording, Change(recording, (running(),)))
    stored.notifications.keep(new_notification())
    stored.added(up(id="other", agora_channel="other", recorder_id="other.1"))
    on_sqlite.write_raw(tables.recorders, "rec1.1", "uid", "many")

    assert stored.recordings.job("rec1") is None
    assert [key for key, _ in stored.recordings.due(9)] == ["other"]
    assert stored.notifications.due(9) == []
    assert ids(stored.recordings.active()) == ["other", "rec1"], "it can be shown"

    on_sqlite.write(tables.recorders, "rec1.1", "uid", 7)
    on_sqlite.seconds += AGAIN
    assert len(stored.recordings.due(9)) == 2
    assert stored.notifications.due(9) == [("rec1", NOW)]
    assert stored.recordings.job("rec1") is not None


def test_notifications_of_an_unreadable_recording_wait_until_it_is_mended(damaged: Damaged) -> None:
    stored = damaged.stored
    stored.added(up())
    stored.added(up(id="other", agora_channel="other", sid="OTHER"))
    stored.notifications.keep(new_notification())
    stored.notifications.keep(new_notification(id="n2", sid="OTHER", received_at=at(1)))
    damaged.write(tables.recordings, "rec1", "state", "archived")
    assert stored.recordings.job("rec1") is None

    assert stored.notifications.due(1) == [("other", at(1))]
    assert stored.notifications.depth() == (1, at(1))

    damaged.write(tables.recordings, "rec1", "state", State.RECORDING)
    damaged.seconds += AGAIN
    assert stored.notifications.due(9) == [("rec1", NOW), ("other", at(1))]


def test_a_recording_with_nothing_but_unreadable_notifications_is_not_due(damaged: Damaged) -> None:
    damaged.stored.added(up())
    damaged.stored.notifications.keep(new_notification())
    damaged.write(tables.notifications, "n1", "event", 45)

    for _ in range(2):
        damaged.stored.notifications.unprocessed("rec1")
        assert damaged.stored.notifications.due(9) == []


def test_an_unreadable_alert_holds_up_no_timeline_entry(damaged: Damaged) -> None:
    stored = damaged.stored
    recording = stored.added(up(card_ts="1.1"))
    stored.saved(recording, Change(recording, alerts=(an_alert(recording),)))
    set_end(stored.recordings, "rec1", "U2", at(1), lambda _: at(3_600))
    damaged.write(tables.outbox, 1, "reason", "sunspots")
    assert stored.outbox.due() == []

    assert [job.id for job in stored.timeline.due()] == [1]
    assert stored.outbox.depth() == (1, NOW), "nobody has it yet"


def test_an_alert_with_an_unknown_snapshot_cannot_be_acknowledged(damaged: Damaged) -> None:
    stored = damaged.stored
    recording = stored.added(up())
    stored.saved(recording, Change(recording, alerts=(an_alert(recording),)))
    snapshot = damaged.value(tables.outbox, 1, "recording")
    damaged.write(tables.outbox, 1, "recording", snapshot | {"state": "archived"})
    key, event = AlertKey.of(an_alert(recording)), an_event(1)

    assert stored.outbox.acknowledge(key, "C1", Acknowledgement("U2", NOW), event) is None
    assert stored.audit_log.all() == []

    damaged.write(tables.outbox, 1, "recording", snapshot)
    assert stored.outbox.acknowledge(key, "C1", Acknowledgement("U3", NOW), event) is not None
    assert stored.audit_log.all() == [event]


def test_a_reply_to_an_unreadable_recording_waits(damaged: Damaged) -> None:
    stored = damaged.stored
    for name in ("bad", "good"):
        before = stored.added(a_recording(id=name, agora_channel=name), "https://hooks.slack.example/1")
        stored.saved(before, replace(before, state=State.FAILED, reason=Reason.UNDELIVERABLE))
    damaged.write(tables.recordings, "bad", "unanswered_reason", "sunspots")
    for key, _ in stored.recordings.due_replies(9):
        stored.recordings.reply(key)

    assert [key for key, _ in stored.recordings.due_replies(1)] == ["good"]
    assert stored.recordings.reply("bad") is None


def test_agora_counts_as_answering_where_only_an_unreadable_recording_says_otherwise(damaged: Damaged) -> None:
    damaged.stored.added(up(unanswered_since=at(-99)))
    damaged.write(tables.recordings, "rec1", "layout_wanted", "circle")
    damaged.stored.recordings.job("rec1")

    assert not damaged.stored.recordings.any_without_answer(NOW)


@pytest.mark.parametrize("column", ["state", "layout_wanted"])
def test_a_channel_that_an_unreadable_recording_holds_cannot_be_recorded_by_this_release(
    damaged: Damaged, column: str
) -> None:
    """Nothing is started and the person is asked to try again: a replica of the other release can answer."""
    stored = damaged.stored
    stored.added(up(id="bad"))
    if column == "state":
        # What a newer release would do with its index, so that its own state holds the channel too.
        with damaged.database.write() as connection:
            connection.exec_driver_sql("CREATE UNIQUE INDEX newer ON recordings (agora_channel)")
    damaged.write(tables.recordings, "bad", column, "unknown")

    with pytest.raises(StorageUnavailable, match="this release can't read"):
        stored.recordings.add_recording(a_recording(id="second"), None, "trigger 1", an_event(1))

    assert stored.recordings.recording("second") is None
    assert stored.audit_log.all() == []
    assert stored.recordings.recording_of_request("trigger 1") is None


def test_a_request_that_led_to_an_unreadable_recording_starts_no_second_one(damaged: Damaged) -> None:
    stored = damaged.stored
    stored.recordings.add_recording(over(id="bad"), None, "trigger 1")
    damaged.write(tables.recordings, "bad", "reason", "sunspots")

    assert stored.recordings.recording_of_request("trigger 1") is None
    with pytest.raises(StorageUnavailable, match="this release can't read"):
        stored.recordings.add_recording(a_recording(id="second"), None, "trigger 1")
    assert stored.recordings.recording("second") is None


def test_an_intent_for_an_unreadable_recording_is_not_written(damaged: Damaged) -> None:
    damaged.stored.added(up())
    damaged.write(tables.recordings, "rec1", "layout_wanted", "circle")

    with pytest.raises(StorageUnavailable, match="can't read the recording rec1"):
        request_stop(damaged.stored.recordings, "rec1", "U2", at(1), "trigger 1")

    assert damaged.value(tables.recordings, "rec1", "stop_wanted_by") is None
    assert damaged.value(tables.recordings, "rec1", "poked") == 0


@pytest.mark.parametrize("table", ["troubles", "recordings"])
def test_a_slack_channel_with_an_unreadable_incident_gets_no_second_one(damaged: Damaged, table: str) -> None:
    stored = damaged.stored
    two_incidents(stored)
    if table == "troubles":
        damaged.write(tables.incidents, "bad", "reason", "sunspots")
    else:
        damaged.write(tables.recordings, "C1", "layout_wanted", "circle")
    assert [incident.id for incident, _ in stored.incidents.open()] == ["good"]
    stored.added(up(id="C3", slack_channel="C3", agora_channel="C3"))
    recording = stored.added(up(slack_channel="C1"))
    warnings = [an_alert(recording, kind=AlertKind.WARNING, cause=name) for name in ("second", "third")]
    opened = [an_incident("second", "C1"), an_incident("third", "C3")]

    written = stored.incidents.save(Review(tuple(opened), tuple(warnings)), stored.epoch)

    assert ids_of_incidents(written) == ["third"]
    assert [alert.cause for alert in written.alerts] == ["third"]
    assert [job.alert.cause for job in stored.outbox.due()] == ["third"]


def ids_of_incidents(review: Review) -> list[str]:
    return [incident.id for incident in review.incidents]


def test_a_step_that_began_before_leaves_the_unknown_value_of_an_intent_as_it_is(damaged: Damaged) -> None:
    stored = damaged.stored
    before = stored.added(up())
    damaged.write(tables.recordings, "rec1", "layout_wanted", "circle")
    stored.recordings.save(before, Change(replace(before, files=("a.mp4",))), stored.epoch, NOW)

    assert damaged.value(tables.recordings, "rec1", "layout_wanted") == "circle"
    assert damaged.value(tables.recordings, "rec1", "files") == ["a.mp4"]
    assert stored.recordings.recording("rec1") is None


def test_the_log_names_column_and_value_and_keeps_long_values_short(damaged: Damaged) -> None:
    damaged.stored.added(up())
    with capture_logs() as logs:
        for value in ({"exit": "x" * 1_000}, {"exit": "left"}, {"streams": [{"sound": "loud"}]}):
            damaged.write(tables.recordings, "rec1", "told", value)
            damaged.stored.recordings.recording("rec1")

    lines = [(line["column"], line["value"]) for line in logs if line["event"] == "row_unreadable"]
    assert lines == [("told.exit", "x" * 80), ("told.streams.0.sound", "loud")]


def test_many_threads_log_an_unreadable_row_once(damaged: Damaged) -> None:
    damaged.stored.added(up())
    damaged.write(tables.recordings, "rec1", "layout_wanted", "circle")
    with capture_logs() as logs, ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda _: damaged.stored.recordings.job("rec1"), range(32)))

    assert jobs == [None] * 32
    assert [line["event"] for line in logs] == ["row_unreadable"]
    assert damaged.count == 1


def test_layouts_of_this_release_are_no_unknown_values(damaged: Damaged) -> None:
    damaged.stored.added(up())
    for layout in Layout:
        damaged.write(tables.recordings, "rec1", "layout_wanted", layout)
        assert damaged.stored.now_is().intent.layout is layout
    assert damaged.count == 0


def test_the_audit_command_prints_the_other_events_and_reports_the_row_on_stderr(
    on_sqlite: Damaged, sqlite_url: str, tmp_path: Path
) -> None:
    two_events(on_sqlite.stored)
    on_sqlite.write(tables.audit_events, 1, "what", "sung")
    on_sqlite.database.close()

    audit = subprocess.run(
        [sys.executable, Path(__file__).parents[2] / "bot.py", "audit", "--since", "2026-01-01", "--csv"],
        env={**os.environ, "DATABASE_URL": sqlite_url},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    header, *events = audit.stdout.splitlines()
    assert header.startswith("at,who,what")
    assert [event.split(",")[1] for event in events] == ["U2"]
    (line,) = map(json.loads, audit.stderr.splitlines())
    assert (line["event"], line["table"], line["row"], line["value"]) == ("row_unreadable", "acts", 1, "sung")
