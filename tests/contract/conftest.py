"""Every implementation of the storage's ports, for one suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.audit import Act
from recordings.model.recording import Recording
from recordings.repositories import (
    Cards,
    LeaseRow,
    Notices,
    Outbox,
    Recorders,
    Steps,
    Story,
    TakeableAlerts,
    Troubles,
    Wishes,
)
from recordings.service.links import Acts
from storage.audit import Acts as SqlActs
from storage.database import Database
from storage.incidents import Troubles as SqlTroubles
from storage.lease import Lease
from storage.notifications import Notices as SqlNotices
from storage.outbox import Outbox as SqlOutbox
from storage.recorders import Recorders as SqlRecorders
from storage.recordings import Recordings as SqlRecordings
from storage.timeline import Story as SqlStory
from tests.fakes.rows import NOW, FakeClock
from tests.fakes.store import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.told import MemoryActs, MemoryNotices, MemoryOutbox, MemoryStory, MemoryTroubles

ON_POSTGRESQL = pytest.mark.xdist_group("postgresql")
"""One worker runs them all, so that one server is enough."""


class RecordingStore(Wishes, Steps, Cards, Protocol):
    """What the recordings' table is to the service, the engine and the notifier together."""


class AlertStore(Outbox, TakeableAlerts, Protocol):
    """The outbox, as the notifier and people see it."""


class ActStore(Acts, Protocol):
    """The log of acts, as somebody reads it."""

    def all(self) -> list[Act]: ...
    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[Act, str]]: ...


@dataclass
class Stores:
    """One storage, with a leader in the first epoch."""

    recordings: RecordingStore
    recorders: Recorders
    outbox: AlertStore
    troubles: Troubles
    notices: Notices
    clock: FakeClock
    """The time for the notices."""
    acts: ActStore
    story: Story
    lease: Callable[[str], LeaseRow]
    epoch: int = 0

    def __post_init__(self) -> None:
        self.epoch = self.lease("first").hold(NOW, 15) or 0

    def succeed(self) -> int:
        """Another replica takes over; its epoch."""
        self.lease("first").release(NOW)
        epoch = self.lease("second").hold(NOW, 15)
        assert epoch is not None
        return epoch

    def added(self, recording: Recording, response_url: str | None = None) -> Recording:
        assert self.recordings.add_recording(recording, response_url) is None
        return recording

    def now_is(self, recording_id: str = "rec1") -> Recording:
        found = self.recordings.recording(recording_id)
        assert found is not None
        return found

    def saved(self, before: Recording, change: Change | Recording) -> Recording:
        """As a step that began when the row was `before`, and brought `change`."""
        whole = change if isinstance(change, Change) else Change(change)
        self.recordings.save(before, whole, self.epoch, NOW)
        return self.now_is(before.id)


def in_memory() -> Stores:
    memory, clock = Memory(), FakeClock()
    return Stores(
        MemoryRecordings(memory),
        MemoryRecorders(memory),
        MemoryOutbox(memory),
        MemoryTroubles(memory),
        MemoryNotices(memory, clock),
        clock,
        MemoryActs(memory),
        MemoryStory(memory),
        lambda holder: MemoryLease(memory, holder),
    )


def on_sql(database: Database) -> Stores:
    clock = FakeClock()
    return Stores(
        SqlRecordings(database),
        SqlRecorders(database),
        SqlOutbox(database),
        SqlTroubles(database),
        SqlNotices(database, clock),
        clock,
        SqlActs(database),
        SqlStory(database),
        lambda holder: Lease(database, holder),
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'recordings.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url, busy_seconds=60)  # however busy the machine is
    database.migrate()
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL), "memory"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    name = {"sqlite": "database", "postgresql": "postgresql"}[request.param]
    return on_sql(request.getfixturevalue(name))
