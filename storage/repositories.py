"""Everything that is written down, by table."""

from __future__ import annotations

from dataclasses import dataclass

from storage.audit import Acts
from storage.database import Database
from storage.incidents import Troubles
from storage.notifications import Notices
from storage.outbox import Outbox
from storage.recorders import Recorders
from storage.recordings import Recordings
from storage.timeline import Story


@dataclass(frozen=True, slots=True)
class Stores:
    """What is written down, by table."""

    recordings: Recordings
    recorders: Recorders
    outbox: Outbox
    troubles: Troubles
    acts: Acts
    notices: Notices
    story: Story


def stores_in(database: Database) -> Stores:
    return Stores(
        Recordings(database),
        Recorders(database),
        Outbox(database),
        Troubles(database),
        Acts(database),
        Notices(database),
        Story(database),
    )
