"""Kinds of work that the dispatcher takes: rows that are due, and one step for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Work(Protocol):
    """One kind of work."""

    @property
    def name(self) -> str:
        """Tells this kind's rows from those of other kinds."""

    def due(self) -> Sequence[tuple[str, datetime]]:
        """Keys of rows with the time when each is due (it may lie ahead), the most urgent first."""

    def run(self, key: str, epoch: int) -> None:
        """One step for one row, as the leader of this epoch. Raises `SystemFailure` where it could not be written."""
