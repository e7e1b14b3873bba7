"""The database: it can be written to, its tables are this version's, and there is room for more recorders."""

from __future__ import annotations

from collections.abc import Callable

from doctor.results import CheckResult, failed, passed, skipped
from recordings.errors import DatabaseNewer, StorageUnavailable
from storage.database import Database, try_writing
from storage.recorders import Recorders

DATABASE, RECORDERS = "database", "own recorders"
NEXT_STEP = "Check DATABASE_URL, and that the bot may write to its folder or server."


def check_database(database: Database, prepare_tables: Callable[[], None], max_recorders: int) -> list[CheckResult]:
    """`prepare_tables` makes the tables, or checks that they are there."""
    try:
        prepare_tables()
        try_writing(database)
        running = Recorders(database).count_not_gone()
    except DatabaseNewer as error:
        return [failed(DATABASE, str(error), setting="DATABASE_URL"), skipped(RECORDERS, DATABASE)]
    except StorageUnavailable as error:
        return [failed(DATABASE, str(error), NEXT_STEP), skipped(RECORDERS, DATABASE)]
    writable = passed(DATABASE, "can be written to, and its tables are this version's")
    return [writable, check_recorder_limit(running, max_recorders)]


def check_recorder_limit(running: int, max_recorders: int) -> CheckResult:
    """Whether Agora allows one more recorder."""
    if running < max_recorders:
        return passed(RECORDERS, f"{running} of {max_recorders} that Agora allows (MAX_RECORDERS)")
    problem = f"{running} run, and Agora allows {max_recorders} (MAX_RECORDERS): no recording can start"
    return failed(RECORDERS, problem, "Stop some recordings, or ask Agora for a higher limit and raise MAX_RECORDERS.")
