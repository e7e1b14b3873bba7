"""What people want of a recording, apart from what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.model.options import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What people asked for. Listeners write it, a step never does: the storage takes nothing of it from a `Change`."""

    stop_at: datetime | None = None
    """When somebody asked for the end."""
    stop_by: str | None = None
    ends_at: datetime | None = None
    """When the recording shall end; None: after the default duration. See `lifecycle.end_times`."""
    extended_by: str | None = None
    """Who last moved the end."""
    layout: Layout | None = None
    """The layout chosen while the recording was running; None: the one it was started with."""
    layout_by: str | None = None
    layout_at: datetime | None = None
    revision: int = 0
    """Raised by each intent. A step sets the time of the next one only where this is unchanged."""


NO_INTENT = Intent()
