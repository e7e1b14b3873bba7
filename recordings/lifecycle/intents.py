"""What an intent changes. The SQL repository and the in-memory one both use these functions.

An `IntentChange` gets the row inside the transaction, so that two intents at the same moment both take effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from recordings.lifecycle.end_times import is_ongoing
from recordings.model.intent import Intent
from recordings.model.options import Layout
from recordings.model.recording import HOLDS_CHANNEL, Recording
from recordings.model.timeline import TimelineEntry, entries_between

IntentChange = Callable[[Recording], Intent | None]
"""Returns the new intent, or None if there is nothing to change."""


@dataclass(frozen=True, slots=True)
class AppliedIntent:
    """The row after an intent, and the timeline entries for it."""

    recording: Recording
    entries: tuple[TimelineEntry, ...]


def apply_intent(before: Recording, change: IntentChange, at: datetime) -> AppliedIntent | None:
    """The row with the new intent, due at once; None if there is nothing to change."""
    intent = change(before)
    if intent is None:
        return None
    after = replace(before, intent=replace(intent, revision=before.intent.revision + 1), next_step_at=at)
    return AppliedIntent(after, tuple(entries_between(before, after, at)))


def request_stop(by: str, at: datetime) -> IntentChange:
    """Asks to stop a recording that holds its Agora channel, unless somebody has already asked."""

    def change(recording: Recording) -> Intent | None:
        if recording.intent.stop_at is not None or recording.state not in HOLDS_CHANNEL:
            return None
        return replace(recording.intent, stop_at=at, stop_by=by)

    return change


def set_end(later: Callable[[Recording], datetime | None], by: str) -> IntentChange:
    """Sets the end time that `later` computes from the row; None: it can't be extended."""

    def change(recording: Recording) -> Intent | None:
        ends_at = later(recording)
        return None if ends_at is None else replace(recording.intent, ends_at=ends_at, extended_by=by)

    return change


def set_layout(layout: Layout, by: str, at: datetime) -> IntentChange:
    """Chooses a layout. A layout that Agora refused can be chosen again."""

    def change(recording: Recording) -> Intent | None:
        possible = is_ongoing(recording) and recording.options.has_picture
        if not possible or recording.layout is layout:
            return None
        return replace(recording.intent, layout=layout, layout_by=by, layout_at=at)

    return change
