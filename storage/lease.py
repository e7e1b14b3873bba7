"""Which replica leads: one row with an epoch that grows with every change of the leader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from recordings.errors import LeaseLost
from storage.database import Database
from storage.tables import lease

_NAME = "engine"


class Lease:
    """The lease as one replica sees it. `holder` names that replica and no other."""

    def __init__(self, database: Database, holder: str, gone: Callable[[str], bool] | None = None) -> None:
        """`gone` tells of another holder whether it is surely no more; its lease need not be waited for."""
        self._database = database
        self._holder = holder
        self._gone = gone or _never

    def hold(self, now: datetime, seconds: float) -> int | None:
        """Takes or renews the lease for so many seconds; the epoch, or None where another replica holds it."""
        until = now + timedelta(seconds=seconds)
        try:
            return self._hold(now, until)
        except IntegrityError:
            return None  # another replica was the first ever at the same moment

    def _hold(self, now: datetime, until: datetime) -> int | None:
        with self._database.write() as connection:
            row = connection.execute(select(lease).where(lease.c.name == _NAME).with_for_update()).one_or_none()
            if row is None:
                values = {"name": _NAME, "holder": self._holder, "epoch": 1, "renewed_at": now, "expires_at": until}
                connection.execute(lease.insert().values(values))
                return 1
            if row.holder != self._holder and row.expires_at > now and not self._gone(row.holder):
                return None
            epoch = int(row.epoch) if row.holder == self._holder else int(row.epoch) + 1
            changed = {"holder": self._holder, "epoch": epoch, "renewed_at": now, "expires_at": until}
            connection.execute(lease.update().where(lease.c.name == _NAME).values(changed))
            return epoch

    def renewed_at(self) -> datetime | None:
        """When a leader last renewed it; None where there never was one."""
        with self._database.read() as connection:
            return connection.execute(select(lease.c.renewed_at).where(lease.c.name == _NAME)).scalar_one_or_none()

    def release(self, now: datetime) -> None:
        """Hands the lease over at once, where this replica holds it."""
        mine = (lease.c.name == _NAME) & (lease.c.holder == self._holder)
        with self._database.write() as connection:
            connection.execute(lease.update().where(mine).values(expires_at=now))


def _never(holder: str) -> bool:
    del holder
    return False


def fence(connection: Connection, epoch: int) -> None:
    """Raises `LeaseLost` where another replica took the lease meanwhile. Part of every write of the engine."""
    row = select(lease.c.epoch).where(lease.c.name == _NAME).with_for_update(read=True)
    current = connection.execute(row).scalar_one_or_none()
    if current != epoch:
        raise LeaseLost(f"epoch {epoch} is over")
