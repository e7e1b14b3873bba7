"""What the texts show of the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recordings.model.recording import Recording

DEFAULT_CONTACT = "your recording admin"


@dataclass(frozen=True, slots=True)
class MessageConfig:
    """What messages show of the installation."""

    max_duration: float
    """Seconds after which a recording is stopped if nobody chose an end."""
    folder: Callable[[Recording], str]
    """The bucket and the folders of a recording's files."""
    extension: float
    """Seconds that one press on *Add time* adds."""
    query_interval: float = 30
    """Seconds between two queries of a recording."""
    support_contact: str = DEFAULT_CONTACT
    """Who helps with the setup, in Slack's markup: a mention, a channel or a text."""
    runbook_url: str = ""
    """The page whose anchors explain the alerts; empty: none."""
    failover_grace: float = 120
    """Seconds for which a recorder may not be found before it counts as lost."""
    max_resumes: int = 3
    """How many lost recorders of a recording are replaced."""
