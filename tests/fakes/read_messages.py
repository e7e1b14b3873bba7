"""What a person reads: messages of the simulated Slack, for scenarios and system tests."""

from __future__ import annotations

from typing import Any

from simulator.slack import Interaction, Message


def event(message: Message) -> str:
    """The `event_type` of its metadata."""
    return message.event_type or ""


def payload(message: Message) -> dict[str, Any]:
    """The `event_payload` of its metadata."""
    return message.event_payload


def states(card: Message) -> list[str]:
    """Every state that a card showed, in order."""
    shown = [version.metadata for version in card.edits] + [card.metadata]
    every = [str(metadata["event_payload"]["state"]) for metadata in shown if metadata]
    return [state for state, before in zip(every, ["", *every], strict=False) if state != before]


def words(interaction: Interaction) -> str:
    """What the person read in answer."""
    assert interaction.acknowledged, interaction.error
    assert all(message.ephemeral_to == interaction.user.id for message in interaction.answers)
    return "\n".join(message.said for message in interaction.answers)
