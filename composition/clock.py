"""The clock of this process."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """`recordings.ports.Clock`, from the machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
