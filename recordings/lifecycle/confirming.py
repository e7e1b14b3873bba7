"""When the claim that a call is being recorded is given up: a step without a call makes the row newer than its card.

The card has to be redrawn although Agora gives no answer, and also while a call to Agora hangs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from recordings.lifecycle.policy import Turn
from recordings.model.confirmation import confirmed_until
from recordings.model.recording import Recording, State


def is_expiry_due(recording: Recording, turn: Turn) -> bool:
    """Whether the last answer that found the recorder is too old, and the row does not say so yet."""
    return _can_expire(recording) and turn.past(confirmed_until(recording, turn.policy.query_interval))


def note_expiry(recording: Recording, turn: Turn) -> Recording:
    """Notes that the confirmation has expired, or makes the next step no later than its expiry. The queries keep their
    times."""
    if not _can_expire(recording):
        return recording
    if is_expiry_due(recording, turn):
        query_due_at = max(recording.next_step_at, recording.probe.query_due_at or recording.next_step_at)
        return _with_probe(recording, query_due_at, confirmation_expired=True, query_due_at=None)
    expires_at = confirmed_until(recording, turn.policy.query_interval)
    if recording.next_step_at <= expires_at:
        return _with_probe(recording, recording.next_step_at, query_due_at=None)
    return _with_probe(recording, expires_at, query_due_at=recording.next_step_at)


def _with_probe(recording: Recording, next_step_at: datetime, **facts: Any) -> Recording:
    return replace(recording, next_step_at=next_step_at, probe=replace(recording.probe, **facts))


def _can_expire(recording: Recording) -> bool:
    """Whether the card says that the call is being recorded."""
    return recording.state is State.RECORDING and recording.doubt is None and not recording.everyone_left
