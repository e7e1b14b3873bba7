"""Writes intents to a repository, as the services do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from recordings.lifecycle import intents
from recordings.model.audit import AuditEvent
from recordings.model.options import Layout
from recordings.model.recording import Recording
from recordings.repositories import RecordingRepository


def request_stop(
    store: RecordingRepository,
    recording_id: str,
    by: str,
    at: datetime,
    request: str | None = None,
    audit_event: AuditEvent | None = None,
) -> Recording:
    """The row after somebody asked to stop the recording."""
    change = intents.request_stop(by, at)
    return store.change_intent(recording_id, change, at, request, audit_event)[1]


def set_end(
    store: RecordingRepository,
    recording_id: str,
    by: str,
    at: datetime,
    later: Callable[[Recording], datetime | None],
    request: str | None = None,
    audit_event: AuditEvent | None = None,
) -> tuple[Recording, Recording]:
    """The row before and after somebody changed the end time."""
    return store.change_intent(recording_id, intents.set_end(later, by), at, request, audit_event)


def set_layout(
    store: RecordingRepository,
    recording_id: str,
    layout: Layout,
    by: str,
    at: datetime,
    request: str | None = None,
    audit_event: AuditEvent | None = None,
) -> tuple[Recording, Recording]:
    """The row before and after somebody chose a layout."""
    return store.change_intent(recording_id, intents.set_layout(layout, by, at), at, request, audit_event)
