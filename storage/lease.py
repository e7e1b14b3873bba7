"""Which replica leads: one row, with an epoch that every change of the leader increments."""

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
    """The lease as one replica sees it. `replica`: the unique name of that replica."""

    def __init__(self, database: Database, replica: str, is_dead: Callable[[str], bool] | None = None) -> None:
        """`is_dead`: whether the process of another replica has certainly ended, so that its lease is free at once."""
        self._database = database
        self._replica = replica
        self._is_dead = is_dead or _never

    def hold(self, now: datetime, seconds: float) -> int | None:
        """Takes or renews the lease for some seconds; the epoch, or None if another replica holds it."""
        until = now + timedelta(seconds=seconds)
        try:
            return self._hold(now, until)
        except IntegrityError:
            return None  # another replica inserted the row at the same moment

    def _hold(self, now: datetime, until: datetime) -> int | None:
        with self._database.write() as connection:
            row = connection.execute(select(lease).where(lease.c.name == _NAME).with_for_update()).one_or_none()
            if row is None:
                values = {"name": _NAME, "holder": self._replica, "epoch": 1, "renewed_at": now, "expires_at": until}
                connection.execute(lease.insert().values(values))
                return 1
            if row.holder != self._replica and row.expires_at > now and not self._is_dead(row.holder):
                return None
            epoch = int(row.epoch) if row.holder == self._replica else int(row.epoch) + 1
            changed = {"holder": self._replica, "epoch": epoch, "renewed_at": now, "expires_at": until}
            connection.execute(lease.update().where(lease.c.name == _NAME).values(changed))
            return epoch

    def renewed_at(self) -> datetime | None:
        """When a leader last renewed it; None if there never was one."""
        with self._database.read() as connection:
            return connection.execute(select(lease.c.renewed_at).where(lease.c.name == _NAME)).scalar_one_or_none()

    def release(self, now: datetime) -> None:
        """Makes the lease free at once, if this replica holds it."""
        mine = (lease.c.name == _NAME) & (lease.c.holder == self._replica)
        with self._database.write() as connection:
            connection.execute(lease.update().where(mine).values(expires_at=now))


def _never(replica: str) -> bool:
    del replica
    return False


def fence(connection: Connection, epoch: int) -> None:
    """Raises `LeaseLost` if another replica has taken the lease. Every write of the engine begins with it."""
    row = select(lease.c.epoch).where(lease.c.name == _NAME).with_for_update(read=True)
    current = connection.execute(row).scalar_one_or_none()
    if current != epoch:
        raise LeaseLost(f"epoch {epoch} is over")
