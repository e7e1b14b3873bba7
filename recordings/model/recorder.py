"""A recorder at Agora: what costs money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.model.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """What costs money: one recorder at Agora, or one that may be there because its answer got lost.

    At most one recorder of a recording is `wanted`. Any other is stepped until Agora agrees that it is gone.
    """

    id: str
    recording_id: str
    agora_channel: str
    uid: int
    wanted: bool = True
    created_at: datetime
    resource_id: str | None = None
    acquired_at: datetime | None = None
    start_sent_at: datetime | None = None
    """When `start` was last sent; from then on it may run."""
    sid: str | None = None
    sid_at: datetime | None = None
    expires_at: datetime | None = None
    """When its token, or its resource, has expired: nothing of it can be in the channel any more."""
    gone_at: datetime | None = None
    next_step_at: datetime
    tries: int = 0
    stop_accepted_at: datetime | None = None
    not_found_since: datetime | None = None
    absent: int = 0
    """How often in a row the channel's users did not list it."""
    segment_number: int = 1
    """Which part of its recording it makes, or should have made."""
    moved_uid: int | None = None
    """The uid that it has in the channel since Agora moved it; queries and stops go on with `uid`."""

    @property
    def probe(self) -> Probe:
        """What is known of a recorder that is being removed: each failed try counts."""
        return Probe(not_found_since=self.not_found_since, not_found=self.tries)


@dataclass(frozen=True, slots=True)
class Target:
    """A recorder as Agora's calls name it. `sid` is empty until `start` was answered."""

    channel: str
    uid: int
    resource_id: str
    sid: str = ""
