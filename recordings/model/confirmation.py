"""Whether the last answer of Agora still supports the claim that a call is being recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

CONFIRMED_INTERVALS = 2
"""How many query intervals an answer confirms a recording."""


class Doubt(StrEnum):
    """Why nobody knows whether a call is being recorded."""

    NOT_FOUND = "not_found"
    """Agora does not find the recorder: it moves it to another server, or it is gone."""
    REJECTED = "rejected"
    """Agora rejects the credentials, so that it can't be asked."""
    NO_ANSWER = "no_answer"
    """Agora gave no answer that says how the recorder is."""


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
    probe = recording.probe
    is_running = recording.state in (State.RECORDING, State.INTERRUPTED) and not recording.awaiting_segment
    if not is_running or probe.found_empty:
        return None
    since = probe.found_at or recording.up_at or recording.requested_at
    if probe.unanswered_since is not None and probe.unanswered_reason is Reason.UNAUTHORIZED:
        return Unconfirmed(Doubt.REJECTED, since)
    if probe.not_found_since is not None:
        return Unconfirmed(Doubt.NOT_FOUND, since)
    confirmed_until = probe.confirmed_until or since + timedelta(seconds=CONFIRMED_INTERVALS * query_interval)
    return Unconfirmed(Doubt.NO_ANSWER, since) if now >= confirmed_until else None
