"""The previous release and this one work on the same database while replicas are replaced one by one, and after a
rollback. `previous_release.sql` is a database that the previous release wrote; its head shows the program.

This release reads and steps these rows, and writes the same values into the same columns and JSON keys: what it stored
otherwise, the previous release could not read.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, create_engine, select

from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Review
from recordings.model.alerts import Acknowledgement, Alert, AlertKey, AlertKind, Incident
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.notifications import NotificationEvent
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.timeline import TimelineEntry, TimelineEvent
from storage import rows, tables, timeline
from storage.database import Database
from tests.contract.conftest import ON_POSTGRESQL, PATIENT_SECONDS, Stored, on_sql
from tests.contract.test_notifications import EVERYTHING
from tests.contract.test_steps import DELIVERY, EVERY_FACT, REPORTED
from tests.fakes.agora_notifications import new_notification
from tests.fakes.intents import request_stop
from tests.fakes.rows import NOW, a_recorder, a_recording, an_alert, at, changed

DUMP = Path(__file__).with_name("previous_release.sql")
URL = "https://hooks.slack.example/commands/T1/secret"
INTENT: dict[str, Any] = {
    "stop_at": at(20),
    "stop_by": "U2",
    "ends_at": at(3600.5),
    "extended_by": "U3",
    "chosen_layout": Layout.SPEAKER,
    "layout_by": "U4",
    "layout_at": at(21),
    "revision": 5,
    "unwatched_from": at(22),
    "unwatched_to": at(23),
    "attempt_started_at": at(24),
    "options": Options(media=Media.AUDIO, layout=Layout.FLOATING, resolution=Resolution.P480, lasts=90.5),
    "reported": replace(REPORTED, media_received=False),  # that release does not know it
}


# the same values as in the program of the dump


def full(state: State) -> Recording:
    """With a value in every column."""
    known_to_it = {"delivery": replace(DELIVERY, footage=())}
    facts = EVERY_FACT | INTENT | known_to_it | {"state": state, "sid": f"SID-{state}"}
    return changed(a_recording(id=f"full-{state}", agora_channel=f"full {state}"), **facts)


def bare(state: State) -> Recording:
    """With a value only where there has to be one."""
    return a_recording(id=f"bare-{state}", agora_channel=f"bare {state}", slack_channel="C2", state=state)


RECORDINGS = [recording for state in State for recording in (full(state), bare(state))]
RECORDERS = [
    Recorder(
        id="full.1",
        recording_id="full-recording",
        agora_channel="daily",
        uid=4_000_000_001,
        wanted=False,
        created_at=NOW,
        resource_id="RES",
        acquired_at=at(1),
        start_sent_at=at(2),
        sid="SID",
        sid_at=at(3),
        expires_at=at(4),
        gone_at=at(5),
        next_step_at=NOW,
        tries=6,
        stop_accepted_at=at(7),
        not_found_since=at(8),
        absent=9,
        segment_number=2,
        moved_uid=2**32 - 1,
    ),
    a_recorder(id="bare.1", recording_id="bare-recording"),
]


def _alerts() -> Iterator[Alert]:
    kinds, states = cycle((AlertKind.FAILED, AlertKind.WARNING, AlertKind.RECOVERED, AlertKind.ENDED)), cycle(State)
    for number, reason in enumerate(Reason):
        recording = full(next(states))
        yield an_alert(recording, kind=next(kinds), reason=reason, cause=str(reason), raised_at=at(number))
    yield an_alert(bare(State.ENDED), kind=AlertKind.FILES, reason=None, cause="files")


ALERTS = list(_alerts())
NOTIFICATIONS = [
    *(replace(EVERYTHING, id=f"n{int(event)}", event=event, sid="SID-recording") for event in NotificationEvent),
    new_notification(id="bare", sequence=None, code=None, sid="SID-recording"),
]


def _event(what: AuditAction, source: Source) -> AuditEvent:
    return AuditEvent(
        at=at(1.5), who="U1", what=what, source=source, recording_id="full-ended", slack_channel="C1", detail="<a>"
    )


STARTED = _event(AuditAction.STARTED, Source.COMMAND)
EVENTS = [_event(what, source) for what, source in zip(AuditAction, cycle(Source), strict=False)]
OPEN = Incident(
    id="t1", slack_channel="C1", reason=Reason.AGORA_UNREACHABLE, recording_id="full-recording", opened_at=at(35)
)
CLOSED = replace(OPEN, id="t2", slack_channel="C2", closed_at=at(36))


def _entry(what: TimelineEvent) -> TimelineEntry:
    return TimelineEntry(
        recording_id="full-recording",
        slack_channel="C1",
        at=at(37),
        what=what,
        who="U1",
        moment=at(38),
        layout=Layout.GRID,
        detail="<b>",
    )


ENTRIES = [
    *map(_entry, TimelineEvent),
    TimelineEntry(recording_id="bare-recording", slack_channel="C2", at=at(39), what=TimelineEvent.MOVED),
]


def fill(database: Database) -> None:
    """Writes what is in the dump, by this release."""
    stored = on_sql(database)
    for state in State:
        stored.recordings.add_recording(full(state), URL, f"request {state}", STARTED)
        stored.recordings.add_recording(bare(state), None)
    for recorder in RECORDERS:
        stored.recorders.save(recorder, stored.epoch)
    ended = full(State.ENDED)
    stored.recordings.save(ended, Change(ended, alerts=tuple(ALERTS)), stored.epoch, NOW)
    stored.outbox.mark_delivered(1, "1.5", at(30), stored.epoch)
    stored.outbox.defer(2, at(31), "ratelimited", stored.epoch)
    stored.outbox.redirect(3, "is_archived", stored.epoch)
    stored.outbox.drop(4, "no_permission", at(32), stored.epoch)
    stored.outbox.acknowledge(AlertKey.of(ALERTS[4]), "C1", Acknowledgement("U9", at(33)))
    for notification in NOTIFICATIONS:
        assert stored.notifications.keep(notification)
    recording = full(State.RECORDING)
    stored.recordings.save(recording, Change(recording, processed=("n1",)), stored.epoch, at(34))
    for event in EVENTS:
        stored.audit_log.add(event)
    stored.incidents.save(Review((OPEN, CLOSED), ()), stored.epoch)
    with database.write() as connection:
        timeline.add(connection, ENTRIES, at(40))


# databases


def _of_previous_release(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.executescript(DUMP.read_text())
    connection.close()
    return path


def _copied(path: Path, database: Database) -> None:
    """Copies every row of an SQLite file into tables that are there already."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as source, database.write() as target:
        for table in tables.metadata.sorted_tables:
            found = [dict(row._mapping) for row in source.execute(select(table))]
            if found:
                target.execute(table.insert(), found)
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """What the previous release wrote, after the migrations of this one."""
    path = _of_previous_release(tmp_path / "previous.db")
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{path}" if on_sqlite else request.getfixturevalue("postgresql_url")
    database = Database(url, busy_seconds=PATIENT_SECONDS)
    database.migrate()
    if not on_sqlite:
        _copied(path, database)
    yield database
    database.close()


@pytest.fixture
def stored(database: Database) -> Stored:
    return leading(database)


def leading(database: Database) -> Stored:
    """With a replica of this release that succeeded the one that wrote the rows."""
    stored = on_sql(database)
    epoch = stored.lease("this release").hold(at(100), 15)
    assert epoch == 2
    stored.epoch = epoch
    return stored


# what this release reads


def test_every_recording_is_read_as_it_was_written(stored: Stored) -> None:
    for recording in RECORDINGS:
        assert stored.recordings.recording(recording.id) == recording
    for state in State:
        assert stored.recordings.recording_of_request(f"request {state}") == full(state)


def test_every_recorder_is_read_as_it_was_written(stored: Stored) -> None:
    assert [stored.recorders.get(recorder.id) for recorder in RECORDERS] == RECORDERS


def test_every_alert_is_read_as_it_was_written(database: Database, stored: Stored) -> None:
    with database.read() as connection:
        alerts = [rows.alert(row) for row in connection.execute(select(tables.outbox).order_by(tables.outbox.c.id))]
    assert alerts == ALERTS
    delivered = []
    while due := stored.outbox.due():
        delivered += [(job.id, job.due_at, job.tries, job.direct) for job in due]
        for job in due:
            stored.outbox.mark_delivered(job.id, "9.9", NOW, stored.epoch)
    assert [job[0] for job in sorted(delivered)] == [2, 3, *range(5, len(ALERTS) + 1)]
    assert (2, at(31), 1, False) in delivered
    assert (3, at(2), 0, True) in delivered
    taken = stored.outbox.acknowledge(AlertKey.of(ALERTS[4]), "C1", Acknowledgement("U1", NOW))
    assert taken is not None
    assert taken.acknowledgement == Acknowledgement("U9", at(33))


def test_notifications_entries_events_and_incidents_are_read_as_they_were_written(stored: Stored) -> None:
    unprocessed = sorted(stored.notifications.unprocessed("full-recording"), key=lambda one: one.id)
    assert unprocessed == sorted((n for n in NOTIFICATIONS if n.id != "n1"), key=lambda one: one.id)
    assert stored.notifications.count_received("full-recording") == len(NOTIFICATIONS)
    assert stored.audit_log.all() == [STARTED] * len(State) + EVENTS
    assert stored.incidents.open() == [(OPEN, full(State.RECORDING))]
    while due := stored.outbox.due():
        for job in due:
            stored.outbox.mark_delivered(job.id, "9.9", NOW, stored.epoch)
    entries = []
    while waiting := stored.timeline.due():
        entries += [(job.id, job.entry) for job in waiting]
        for entry in waiting:
            stored.timeline.mark_delivered(entry.id, NOW, stored.epoch)
    assert [entry for _, entry in sorted(entries, key=lambda one: one[0])] == ENTRIES


def test_every_row_can_be_stepped_and_saved(database: Database, stored: Stored) -> None:
    for recording in RECORDINGS:
        before = stored.now_is(recording.id)
        after = changed(before, tries=before.tries + 1, status=5, next_step_at=at(99))
        assert stored.saved(before, after) == after
        if recording.state in (State.STARTING, State.RECORDING) and recording.intent.stop_at is None:
            stopped = request_stop(stored.recordings, recording.id, "U7", at(50))
            assert (stopped.intent.stop_by, stopped.intent.revision) == ("U7", 1)
    for recorder in RECORDERS:
        stored.recorders.save(replace(recorder, tries=7), stored.epoch)
        assert stored.recorders.get(recorder.id) == replace(recorder, tries=7)
    stored.incidents.save(Review((replace(OPEN, closed_at=at(60)),), ()), stored.epoch)
    assert stored.incidents.open() == []
    assert database.unreadable.count() == 0


# what this release writes


def raw(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row as SQLite holds it, by table and column, with JSON parsed and moments in JSON in one notation."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        found = {
            table.name: [dict(row) for row in connection.execute(f"SELECT * FROM {table.name} ORDER BY 1")]  # noqa: S608
            for table in tables.metadata.sorted_tables
        }
    connection.close()
    for table in tables.metadata.sorted_tables:
        in_json = [column.name for column in table.columns if isinstance(column.type, JSON)]
        for row in found[table.name]:
            row |= {name: _plain(json.loads(row[name])) for name in in_json if row[name] is not None}
    return found


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


def _plain(value: Any) -> Any:
    """`Z` and `+00:00` mean the same; the previous release reads both."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return datetime.fromisoformat(value) if isinstance(value, str) and _MOMENT.fullmatch(value) else value


def test_this_release_stores_the_same_values_in_the_same_columns_and_keys(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    fill(database)
    database.close()

    mine, previous = raw(tmp_path / "recordings.db"), raw(_of_previous_release(tmp_path / "previous.db"))

    mine["lease"][0]["holder"] = previous["lease"][0]["holder"]
    for table, expected in previous.items():
        assert [_known(row, other) for row, other in zip(mine[table], expected, strict=True)] == expected, table


def _known(value: Any, other: Any) -> Any:
    """Without the columns and keys that the other value does not have: the previous release ignores them."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: _known(value[name], other[name]) for name in other}
    if isinstance(value, list) and isinstance(other, list):
        return [_known(inner, known) for inner, known in zip(value, other, strict=True)]
    return value


def test_a_save_without_a_change_leaves_every_value_as_the_previous_release_wrote_it(tmp_path: Path) -> None:
    path = _of_previous_release(tmp_path / "previous.db")
    before = raw(path)["recordings"]
    database = Database(f"sqlite:///{path}")
    database.migrate()
    stored = leading(database)
    for recording in RECORDINGS:
        stored.saved(recording, recording)
    database.close()

    assert _known(raw(path)["recordings"], before) == before
