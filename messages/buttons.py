"""Buttons that several kinds of message share. `handlers/buttons` has what they do."""

from __future__ import annotations

from messages.blocks import Block
from recordings.model.alerts import Alert, AlertKey
from recordings.model.listing import Cursor
from recordings.model.recording import Recording

AGAIN_ACTION = "record_again"
MORE_ACTION = "more"
DETAILS_ACTION = "details"
ACKNOWLEDGE_ACTION = "take_alert"
NEXT_ACTION = "list_next"
DETAILS_OPTION = "details:"
"""Followed by the recording's id."""


def button(action: str, label: str, value: str) -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value,
    }


def again_button(recording: Recording) -> Block:
    """Records the same Agora channel again, in the name of the person who presses it."""
    return button(AGAIN_ACTION, "Record again", recording.id)


def details_button(recording: Recording) -> Block:
    return button(DETAILS_ACTION, "Details", recording.id)


def acknowledge_button(alert: Alert) -> Block:
    """The person who presses it acknowledges the alert."""
    return button(ACKNOWLEDGE_ACTION, "I'm on it", str(AlertKey.of(alert)))


def next_button(after: Cursor) -> Block:
    return button(NEXT_ACTION, "Show older", str(after))


def more_menu(recording: Recording) -> Block:
    """The menu of rare actions."""
    option = {"text": {"type": "plain_text", "text": "Details"}, "value": f"{DETAILS_OPTION}{recording.id}"}
    return {"type": "overflow", "action_id": MORE_ACTION, "options": [option]}
