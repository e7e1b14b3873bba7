"""What is asked for twice a second is found through an index, however many recordings are over."""

from __future__ import annotations

import pytest

from recordings.repositories import Queue
from storage.database import Database
from storage.recordings import Recordings
from storage.timeline import Timeline
from tests.fakes.plans import plan_of


@pytest.mark.parametrize("share", [None, *Queue])
def test_due_rows_come_in_order_from_the_index_of_those_that_are_not_settled(
    database: Database, share: Queue | None
) -> None:
    (step,) = plan_of(database, lambda: Recordings(database).due(200, share))

    assert step.endswith("USING INDEX recordings_unsettled")


def test_what_waits_for_slack_is_found_through_the_indexes_of_what_slack_does_not_have_yet(database: Database) -> None:
    steps = plan_of(database, lambda: Timeline(database).due())

    assert any("lines_due" in step for step in steps)
    assert not [
        step for step in steps if "SCAN" in step and "INDEX" not in step and "list subquery" not in step.lower()
    ]
