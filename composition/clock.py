"""The clock of this process, which `compose` gives to every part."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """`recordings.ports.Clock`, read from the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
