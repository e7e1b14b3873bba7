"""The database: it takes what is written, its tables are this version's, and there is room for more recorders."""

from __future__ import annotations

from collections.abc import Callable

from doctor.results import CheckResult, not_looked_at, right, wrong
from recordings.errors import DatabaseNewer, StorageUnavailable
from storage.database import Database, try_writing
from storage.recorders import Recorders

DATABASE, RECORDERS = "database", "own recorders"
NEXT_STEP = "Check DATABASE_URL, and that its folder or server can be written to."


def database_lines(database: Database, tables: Callable[[], None], most: int) -> list[CheckResult]:
    """`tables` looks after the tables or makes them; `most` recorders are allowed."""
    try:
        tables()
        try_writing(database)
        running = Recorders(database).count_not_gone()
    except DatabaseNewer as error:
        return [wrong(DATABASE, f"{error}."), not_looked_at(RECORDERS, DATABASE)]
    except StorageUnavailable as error:
        return [wrong(DATABASE, f"{error}. {NEXT_STEP}"), not_looked_at(RECORDERS, DATABASE)]
    good = right(DATABASE, "can be written to, and its tables are this version's")
    return [good, recorders_line(running, most)]


def recorders_line(running: int, most: int) -> CheckResult:
    """Whether Agora lets one more recorder run."""
    if running < most:
        return right(RECORDERS, f"{running} of {most} that Agora allows (MAX_RECORDERS)")
    todo = "Stop what is not needed, or have Agora allow more and raise MAX_RECORDERS."
    return wrong(RECORDERS, f"{running} run, and Agora allows {most} (MAX_RECORDERS): no recording can start. {todo}")
