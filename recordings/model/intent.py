"""What people want of a recording. What has become of it is in the other fields of `Recording`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.model.options import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What people asked for: stop, end time, layout. Listeners write it, a step of the engine never does: the storage
    ignores the intent in a `Change`."""

    stop_at: datetime | None = None
    """When somebody asked to stop the recording."""
    stop_by: str | None = None
    ends_at: datetime | None = None
    """The chosen end time; None: the recording ends after the default duration. See `lifecycle.end_times`."""
    extended_by: str | None = None
    """Who last changed the end time."""
    layout: Layout | None = None
    """The layout chosen during the recording; None: the one that the recording was started with."""
    layout_by: str | None = None
    layout_at: datetime | None = None
    revision: int = 0
    """Incremented by each intent. A step sets the time of the next step only if the revision is unchanged."""


NO_INTENT = Intent()
