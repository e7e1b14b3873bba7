"""What Agora's answers say about a recorder: it was found, it was not, or nothing is known.

"Not found" is no evidence that a recorder is gone: Agora does not find one that it moves to another server, for an
estimated 90 s. So one rule decides for every recorder, wanted or not: not found for longer than the policy's
`failover_grace`, counted from the first such answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recordings.errors import AgoraError, RateLimited, Unauthorized
from recordings.lifecycle.policy import Turn
from recordings.model.probe import Probe
from recordings.model.reason import Reason
from recordings.model.recording import Recording
from recordings.model.reported import RecorderStatus

_LONGEST_PAUSE = 60.0
"""Seconds. Agora may ask for a longer one; meanwhile nobody would know how the recording is."""


def found(probe: Probe, turn: Turn) -> Probe:
    """The recorder is in the call."""
    return replace(probe, found_at=turn.asked, not_found=0, not_found_since=None, found_empty=0)


def missing(probe: Probe, turn: Turn, *, empty: bool = False) -> Probe:
    """Agora did not find the recorder; `empty`: nor anybody in the channel."""
    return replace(
        probe,
        not_found=probe.not_found + 1,
        not_found_since=probe.not_found_since or turn.now,
        found_empty=probe.found_empty + 1 if empty else 0,
    )


def is_gone(probe: Probe, turn: Turn) -> bool:
    """Whether Agora has not found the recorder for longer than a move to another server takes."""
    return turn.asked_past(probe.not_found_since, turn.policy.failover_grace)


def ask_again_at(probe: Probe, turn: Turn) -> datetime:
    """When to ask again for a recorder that was not found: soon, and not after the grace period has passed."""
    return turn.by(turn.not_found_at(probe.not_found), probe.not_found_since or turn.now, turn.policy.failover_grace)


def answered(recording: Recording, seen: RecorderStatus | None = None) -> Recording:
    """The recording after a usable answer of Agora."""
    probe = replace(recording.probe, unanswered_since=None, unanswered_reason=None)
    if seen is None:
        return replace(recording, tries=0, probe=probe)
    files = merge_files(recording.files, seen.files)
    return replace(recording, tries=0, probe=replace(probe, status=seen.status), files=files)


def unanswered(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """The recording after an answer that says nothing about it: it is asked about again, and never failed."""
    tries = recording.tries + 1
    patient_tries = tries if not isinstance(error, RateLimited) else len(turn.policy.retry_backoff) + 1
    pause = min(error.retry_after or 0, max(_LONGEST_PAUSE, 3 * turn.policy.query_interval))
    retry_at = turn.retry_at(patient_tries, retry_after=pause, patient=True)
    probe = replace(
        recording.probe,
        not_found=0,
        found_empty=0,
        unanswered_since=recording.probe.unanswered_since or turn.asked,
        unanswered_reason=Reason.UNAUTHORIZED if isinstance(error, Unauthorized) else Reason.AGORA_UNREACHABLE,
        queried_at=turn.now,
    )
    next_step_at = min(retry_at, max(turn.at_interval(), turn.later(pause)))
    return replace(recording, tries=tries, probe=probe, next_step_at=next_step_at)


def merge_files(known: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """The files known so far and those named now, each once, in the order of their first mention."""
    return tuple(dict.fromkeys((*known, *named)))
