"""Every implementation of the repositories, for one suite: SQLite, PostgreSQL and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, cast

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.audit import AuditEvent
from recordings.model.recording import Recording
from recordings.repositories import (
    AlertRepository,
    AuditRepository,
    IncidentRepository,
    LeaseRepository,
    NotificationRepository,
    RecorderRepository,
    RecordingRepository,
    Repositories,
    TimelineRepository,
)
from storage.database import Database
from storage.lease import Lease
from storage.notifications import Notifications
from storage.repositories import repositories_in
from storage.tables import metadata
from tests.fakes.outboxes import repositories_of
from tests.fakes.repositories import Memory, MemoryLease
from tests.fakes.rows import NOW, FakeClock

ON_POSTGRESQL = pytest.mark.xdist_group("postgresql")
"""One worker runs all of these, so that one server is enough."""
PATIENT_SECONDS = 60
"""Longer than the busiest machine holds up a transaction."""


class FullAuditLog(AuditRepository, Protocol):
    """The audit log, as tests read it."""

    def all(self) -> list[AuditEvent]: ...


@dataclass
class Stored:
    """The repositories of one implementation, with a leader in the first epoch."""

    repositories: Repositories
    clock: FakeClock
    """What `NotificationRepository` counts the hour after the end by."""
    lease: Callable[[str], LeaseRepository]
    epoch: int = 0

    def __post_init__(self) -> None:
        self.epoch = self.lease("first").hold(NOW, 15) or 0

    @property
    def recordings(self) -> RecordingRepository:
        return self.repositories.recordings

    @property
    def recorders(self) -> RecorderRepository:
        return self.repositories.recorders

    @property
    def outbox(self) -> AlertRepository:
        return self.repositories.alerts

    @property
    def timeline(self) -> TimelineRepository:
        return self.repositories.timeline

    @property
    def notifications(self) -> NotificationRepository:
        return self.repositories.notifications

    @property
    def incidents(self) -> IncidentRepository:
        return self.repositories.incidents

    @property
    def audit_log(self) -> FullAuditLog:
        return cast(FullAuditLog, self.repositories.audit_log)

    def succeed(self) -> int:
        """Lets another replica take over; its epoch."""
        self.lease("first").release(NOW)
        epoch = self.lease("second").hold(NOW, 15)
        assert epoch is not None
        return epoch

    def added(self, recording: Recording, response_url: str | None = None) -> Recording:
        assert self.recordings.add_recording(recording, response_url) is None
        return recording

    def now_is(self, recording_id: str = "rec1") -> Recording:
        recording = self.recordings.recording(recording_id)
        assert recording is not None
        return recording

    def saved(self, before: Recording, change: Change | Recording) -> Recording:
        """The row after a step that read `before` and saved `change`."""
        change = change if isinstance(change, Change) else Change(change)
        self.recordings.save(before, change, self.epoch, NOW)
        return self.now_is(before.id)


def in_memory() -> Stored:
    memory, clock = Memory(), FakeClock()
    return Stored(repositories_of(memory, clock), clock, lambda replica: MemoryLease(memory, replica))


def on_sql(database: Database) -> Stored:
    clock = FakeClock()
    repositories = replace(repositories_in(database), notifications=Notifications(database, clock.now))
    return Stored(repositories, clock, lambda replica: Lease(database, replica))


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url, busy_seconds=PATIENT_SECONDS)
    yield database
    database.close()


@pytest.fixture
def postgresql(shared_postgresql_url: str) -> Iterator[Database]:
    database = Database(shared_postgresql_url, busy_seconds=PATIENT_SECONDS)
    with database.write() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL), "memory"])
def stored(request: pytest.FixtureRequest) -> Stored:
    if request.param == "memory":
        return in_memory()
    name = {"sqlite": "database", "postgresql": "postgresql"}[request.param]
    return on_sql(request.getfixturevalue(name))
