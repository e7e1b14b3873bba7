"""What an intent changes: the one place that both the database and the store in memory ask.

An `IntentChange` looks at the row as it is at that moment, inside the transaction, so that two people who press at once
both count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.layouts import is_refused
from recordings.model.intent import Intent
from recordings.model.options import Layout
from recordings.model.recording import HOLDS_CHANNEL, Recording
from recordings.model.timeline import TimelineEntry, entries_between

IntentChange = Callable[[Recording], Intent | None]
"""The intent as it should become; None: there is nothing to change."""


@dataclass(frozen=True, slots=True)
class AppliedIntent:
    """The row after an intent, and what the thread of its card tells about it."""

    recording: Recording
    entries: tuple[TimelineEntry, ...]


def apply_intent(before: Recording, change: IntentChange, at: datetime) -> AppliedIntent | None:
    """The row with the intent changed, and due at once; None where there is nothing to change."""
    intent = change(before)
    if intent is None:
        return None
    after = replace(before, intent=replace(intent, revision=before.intent.revision + 1), next_step_at=at)
    return AppliedIntent(after, tuple(entries_between(before, after, at)))


def request_stop(by: str, at: datetime) -> IntentChange:
    """Stops a recording that nobody has asked to stop, as long as it may still hold its Agora channel."""

    def change(recording: Recording) -> Intent | None:
        if recording.intent.stop_at is not None or recording.state not in HOLDS_CHANNEL:
            return None
        return replace(recording.intent, stop_at=at, stop_by=by)

    return change


def set_end(later: Callable[[Recording], datetime | None], by: str) -> IntentChange:
    """Moves the end to what `later` says of the row."""

    def change(recording: Recording) -> Intent | None:
        ends_at = later(recording)
        return None if ends_at is None else replace(recording.intent, ends_at=ends_at, extended_by=by)

    return change


def set_layout(layout: Layout, by: str, at: datetime) -> IntentChange:
    """Chooses a layout. One that Agora refused can be chosen again."""

    def change(recording: Recording) -> Intent | None:
        possible = is_ongoing(recording) and recording.options.has_picture
        if not possible or (recording.layout is layout and not is_refused(recording)):
            return None
        return replace(recording.intent, layout=layout, layout_by=by, layout_at=at)

    return change
