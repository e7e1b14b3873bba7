"""Measurements, as ratios side by side in one run: `make bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from recordings.repositories import Queue
from storage import rows, tables
from storage.database import Database
from storage.recordings import Recordings
from tests.fakes.plans import plan_of
from tests.fakes.rows import over, up

pytestmark = pytest.mark.bench
OVER, ACTIVE, RUNS = 100_000, 200, 50


def _filled(path: Path, finished: int) -> Recordings:
    database = Database(f"sqlite:///{path}")
    database.migrate()
    active = [up(id=f"a{n}", agora_channel=f"call{n}") for n in range(ACTIVE)]
    ended = over()
    past = [replace(ended, id=f"o{n}") for n in range(finished)]
    with database.write() as connection:
        connection.execute(tables.recordings.insert(), [rows.columns(recording) for recording in active + past])
    stored = Recordings(database)
    for queue in (None, *Queue):
        print(queue, *plan_of(database, partial(stored.due, ACTIVE, queue)))  # noqa: T201 - part of the report
    return stored


def _median_seconds(query: Callable[[], object]) -> float:
    durations = []
    for _ in range(RUNS):
        started_at = time.perf_counter()
        query()
        durations.append(time.perf_counter() - started_at)
    return statistics.median(durations)


def test_reading_due_rows_is_as_fast_with_100000_finished_rows_as_with_none(tmp_path: Path) -> None:
    empty, full = _filled(tmp_path / "empty.db", 0), _filled(tmp_path / "full.db", OVER)
    assert len(full.due(ACTIVE)) == ACTIVE
    ratio = _median_seconds(lambda: full.due(ACTIVE)) / _median_seconds(lambda: empty.due(ACTIVE))
    print(f"{OVER} finished rows against none: {ratio:.2f}")  # noqa: T201 - the measurement
    assert ratio < 3
