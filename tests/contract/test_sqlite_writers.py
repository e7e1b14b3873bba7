"""Many writers on one SQLite file, in threads and in processes: their transactions follow each other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select, update

from recordings.errors import StorageUnavailable
from recordings.lifecycle.actions import Change
from storage.database import Database
from storage.recordings import Recordings
from storage.tables import lease
from tests.contract.conftest import on_sql
from tests.fakes.intents import request_stop
from tests.fakes.rows import NOW, a_recording, at, up

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def count_up(database: Database) -> None:
    """Reads a number and writes the next one: an update is lost if two transactions overlap."""
    with database.write() as connection:
        epoch = connection.execute(select(lease.c.epoch)).scalar_one()
        connection.execute(update(lease).values(epoch=epoch + 1))


def epoch_of(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(lease.c.epoch)).scalar_one())


def test_updates_of_twenty_threads_are_all_written(database: Database) -> None:
    stored = on_sql(database)

    def count_to_ten() -> None:
        for _ in range(10):
            count_up(database)

    at_once([count_to_ten] * 20)

    assert epoch_of(database) == stored.epoch + 200


def test_updates_of_two_processes_are_all_written(database: Database, tmp_path: Path) -> None:
    stored = on_sql(database)
    program = (
        "import sys\nfrom storage.database import Database\nfrom tests.contract.test_sqlite_writers import count_up\n"
        "database = Database(sys.argv[1])\nfor _ in range(50): count_up(database)"
    )
    address = f"sqlite:///{tmp_path / 'recordings.db'}"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, address], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()

    assert epoch_of(database) == stored.epoch + 100


def test_one_of_twenty_concurrent_starts_of_a_call_succeeds(database: Database) -> None:
    recordings = Recordings(database)

    starts = [partial(recordings.add_recording, a_recording(id=f"r{number}"), None) for number in range(20)]
    holders = at_once(starts)

    assert holders.count(None) == 1
    assert len({holder.id for holder in holders if holder is not None}) == 1
    assert len(recordings.active()) == 1


def test_the_first_of_twenty_concurrent_stops_counts(database: Database) -> None:
    recordings = Recordings(database)
    recordings.add_recording(up(), None)

    stopped = at_once([partial(request_stop, recordings, "rec1", f"U{number}", at(1)) for number in range(20)])

    assert len({recording.intent.stop_by for recording in stopped}) == 1
    assert stopped[0].intent.revision == 1


def test_concurrent_steps_and_intents_on_a_row_lose_nothing(database: Database) -> None:
    stored = on_sql(database)
    stored.added(up())

    def steps() -> None:
        for number in range(20):
            job = stored.recordings.job("rec1")
            assert job is not None
            after = replace(job.recording, files=(*job.recording.files, f"{number}"), next_step_at=at(30))
            stored.recordings.save(job.recording, Change(after), stored.epoch, NOW)

    def stop() -> None:
        request_stop(stored.recordings, "rec1", "U2", at(1))

    at_once([steps, stop])

    row = stored.now_is()
    assert (row.intent.stop_by, len(row.files)) == ("U2", 20)


def test_one_of_ten_replicas_gets_a_free_lease(database: Database) -> None:
    stored = on_sql(database)
    stored.lease("first").release(NOW)

    epochs = at_once([partial(stored.lease(f"replica {number}").hold, NOW, 15) for number in range(10)])

    assert sorted(epochs, key=str) == [2, *[None] * 9]


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'recordings.db'}", busy_seconds=0)
    database.migrate()
    recordings = Recordings(database)
    recordings.add_recording(up(), None)

    with database.write() as connection:
        connection.execute(lease.delete())
        assert recordings.recording("rec1") == up()
        with pytest.raises(StorageUnavailable, match="locked"):
            request_stop(recordings, "rec1", "U2", NOW)
    database.close()


def test_a_writing_transaction_takes_the_lock_when_it_begins(database: Database, tmp_path: Path) -> None:
    """Of two transactions that read first and write later, one would fail in the middle."""
    another_process = Database(f"sqlite:///{tmp_path / 'recordings.db'}", busy_seconds=0)

    with database.write(), pytest.raises(StorageUnavailable, match="locked"), another_process.write():
        pass
    another_process.close()


def test_a_transaction_that_fails_half_way_writes_nothing(database: Database) -> None:
    recordings = Recordings(database)
    recordings.add_recording(up(), None)
    stored = on_sql(database)
    broken = Change(up(detail="written"), alerts=("no alert",))  # type: ignore[arg-type]

    with pytest.raises(AttributeError):
        recordings.save(up(), broken, stored.epoch, NOW)

    assert stored.now_is() == up()
