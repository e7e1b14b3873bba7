"""Whether the last answer of Agora still supports the claim that a call is being recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.model.recorder import Doubt as Doubt
from recordings.model.recording import Recording

CONFIRMED_INTERVALS = 2
"""How many query intervals an answer confirms a recording."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A recording of which nobody knows whether it goes on."""

    doubt: Doubt
    since: datetime
    """When it was last confirmed."""


def unconfirmed(recording: Recording, now: datetime, query_interval: float) -> Unconfirmed | None:
    """Why a running recording can't be shown as being recorded; None if it can, or if no recorder is expected to run.

    A call that has just emptied is no doubt: Agora ends a recorder whose channel is empty.
    """
    if not recording.expects_recorder or recording.everyone_left:
        return None
    is_expired = now >= confirmed_until(recording, query_interval)
    doubt = recording.doubt or (Doubt.NO_ANSWER if is_expired else None)
    return Unconfirmed(doubt, _last_confirmed_at(recording)) if doubt is not None else None


def confirmed_until(recording: Recording, query_interval: float) -> datetime:
    """Until when the last answer that found the recorder supports the claim that it records."""
    span = timedelta(seconds=CONFIRMED_INTERVALS * query_interval)
    # The previous release does not write `confirmed_until`: it is missing, or older than its last answer.
    expires_at = _last_confirmed_at(recording) + span
    return max(expires_at, recording.probe.confirmed_until or expires_at)


def _last_confirmed_at(recording: Recording) -> datetime:
    return recording.probe.found_at or recording.up_at or recording.requested_at
