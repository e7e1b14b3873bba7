"""What is asked for twice a second is found through an index, however many recordings are over."""

from __future__ import annotations

import pytest

from recordings.stores import Share
from storage.database import Database
from storage.recordings import Recordings
from tests.fakes.plans import plan_of


@pytest.mark.parametrize("share", [None, *Share])
def test_due_rows_come_in_order_from_the_index_of_those_that_are_not_settled(
    database: Database, share: Share | None
) -> None:
    (step,) = plan_of(database, lambda: Recordings(database).due(200, share))

    assert step.endswith("USING INDEX recordings_unsettled")
