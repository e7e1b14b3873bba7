"""How long things take at the simulated Agora."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Durations in seconds; the defaults are near what the documentation describes."""

    initialised: float = 0.2
    """After start, until status 1."""
    starting: float = 0.5
    """After start, until status 2."""
    partly_ready: float = 1.5
    """After start, until status 3."""
    ready: float = 3.0
    """After start, until the recorder joins the channel: status 4."""
    first_slice: float = 15.0
    """Seconds of media in the channel until the first file is stored: status 5."""
    slice_length: float = 15.0
    """Seconds of media in one slice."""
    failover: float = 30.0
    """How long a recorder is not found while Agora moves it to another server."""
    stopping: float = 2.0
    """How long status 6 lasts after a stop."""
    stopped: float = 3.0
    """How long status 7 lasts after that."""
    exiting: float = 1.0
    """How long status 8 lasts after that, before 404."""
    upload: float = 4.0
    """After a recorder has left, until its last slice and its whole playlist are stored; a synchronous stop waits."""
    mp4_delay: float = 5.0
    """How long after that the MP4 files are stored."""
    upload_retry: float = 5.0
    """After an upload that failed, until the next try."""
    sync_stop_limit: float = 20.0
    """The longest that a synchronous stop waits."""
    join_given_up: float = 30.0
    """How long a recorder that can't join (token, ban) stays at status 3 before it is gone."""
    exit_lingers: float = 5.0
    """How long a stop is answered 400/49 after a recorder left by itself (idle, thrown out)."""
    crash_shown: float = 30.0
    """How long status 20 is shown after a crash."""
    resource_life: float = 300.0
    """How long a resource id is good for a start."""
    hour: float = 3600.0
    """An hour of `resourceExpiredHour`."""
    idle_scale: float = 1.0
    """What a second of `maxIdleTime` lasts."""
    idle: float | None = None
    """The idle time whatever `maxIdleTime` says."""
    ban_scale: float = 1.0
    """What a second of a kicking rule lasts."""
    mp4_length: float = 7200.0
    """Seconds of media in one MP4 file."""
    progress: float = 60.0
    """How long between two notifications of upload progress."""
    webhook_timeout: float = 10.0
    """How long a webhook may take to answer; real time, whatever the clock."""
    webhook_retry: float = 5.0
    """How long after its first repeat an unanswered notification is repeated again; the third wait is longer."""

    def scaled(self, factor: float) -> Timing:
        """The same with every duration multiplied."""
        durations: dict[str, float] = {
            name: value * factor for name, value in dataclasses.asdict(self).items() if value is not None
        }
        return Timing(**durations)
