"""What Agora's answers say about a recorder, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.model.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the queries about one recorder brought. The rules are in `lifecycle.probing`."""

    status: int | None = None
    """Agora's status in its last usable answer."""
    queried_at: datetime | None = None
    found_at: datetime | None = None
    """When a query last found the recorder in the call."""
    not_found_since: datetime | None = None
    not_found: int = 0
    """Consecutive answers "not found"."""
    found_empty: int = 0
    """How many of these in a row came while the channel was empty as well."""
    unanswered_since: datetime | None = None
    """The first call since the last usable answer."""
    unanswered_reason: Reason | None = None


NOT_PROBED = Probe()
