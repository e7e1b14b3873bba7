"""The queries for due rows, which run several times a second, use an index however many recordings are over."""

from __future__ import annotations

import pytest

from recordings.repositories import Queue
from storage.database import Database
from storage.outbox import Outbox
from storage.recordings import Recordings
from storage.timeline import Timeline
from tests.fakes.plans import plan_of


@pytest.mark.parametrize("queue", [None, *Queue])
def test_due_recordings_come_in_order_from_the_index_of_incomplete_ones(
    database: Database, queue: Queue | None
) -> None:
    (step,) = plan_of(database, lambda: Recordings(database).due(200, queue))

    assert step.endswith("USING INDEX recordings_unsettled")


def test_resolved_warnings_are_found_through_the_index_of_those_that_do_not_show_it(database: Database) -> None:
    (step,) = plan_of(database, lambda: Outbox(database).due_resolutions())

    assert "USING INDEX outbox_resolutions" in step


def test_due_entries_are_found_through_the_indexes_of_undelivered_rows(database: Database) -> None:
    steps = plan_of(database, lambda: Timeline(database).due())

    assert any("lines_due" in step for step in steps)
    assert not [
        step for step in steps if "SCAN" in step and "INDEX" not in step and "list subquery" not in step.lower()
    ]
