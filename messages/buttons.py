"""Buttons that several kinds of message share. `handlers/buttons` has what they do."""

from __future__ import annotations

from collections.abc import Sequence

from messages.blocks import Block, cut
from recordings.model.alerts import Alert, AlertKey
from recordings.model.listing import Cursor
from recordings.model.recording import Recording

AGAIN_ACTION = "record_again"
MORE_ACTION = "more"
DETAILS_ACTION = "details"
ACKNOWLEDGE_ACTION = "take_alert"
NEXT_ACTION = "list_next"
DETAILS_OPTION, LAYOUT_OPTION, PLACE_OPTION, AGAIN_OPTION = "details:", "layout:", "place:", "again:"
"""Options of the menu, each followed by the recording's id."""
_OPTION_LABELS = {
    LAYOUT_OPTION: "Change layout",
    PLACE_OPTION: "Show location",
    AGAIN_OPTION: "Record again",
    DETAILS_OPTION: "Show details",
}
_LONGEST_SPOKEN = 75


def button(action: str, label: str, value: str, spoken: str = "") -> Block:
    """`spoken`: what a screen reader says instead of the label, where the label alone does not name the call."""
    labelled = {"accessibility_label": cut(spoken, _LONGEST_SPOKEN)} if spoken else {}
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value,
        **labelled,
    }


def again_button(recording: Recording, label: str = "Record again") -> Block:
    """Records the same Agora channel again, in the name of the person who presses it."""
    return button(AGAIN_ACTION, label, recording.id, f"{label}: {recording.agora_channel}")


def details_button(recording: Recording) -> Block:
    return button(DETAILS_ACTION, "Details", recording.id, f"Details of {recording.agora_channel}")


def acknowledge_button(alert: Alert) -> Block:
    """The person who presses it acknowledges the alert."""
    spoken = "Tell the channel that you're looking after this"
    return button(ACKNOWLEDGE_ACTION, "I'm on it", str(AlertKey.of(alert)), spoken)


def next_button(after: Cursor) -> Block:
    return button(NEXT_ACTION, "Show older", str(after))


def more_menu(recording: Recording, options: Sequence[str]) -> Block:
    """The menu of rare actions. Slack shows five at most."""
    shown = [
        {"text": {"type": "plain_text", "text": _OPTION_LABELS[option], "emoji": False}, "value": option + recording.id}
        for option in options
    ]
    return {"type": "overflow", "action_id": MORE_ACTION, "options": shown}
