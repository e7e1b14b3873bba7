"""What replies and the list say of a recording in a few words: when, how it ended, its files, its card."""

from __future__ import annotations

from messages.blocks import Block, cut, date_and_time, escape, is_same_minute, person, time_of_day
from messages.files import has_links, links_button
from messages.phases import has_missing_files, state_label
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

END_REASONS: dict[Reason, str] = {
    Reason.REJECTED: "Agora rejected the request",
    Reason.UNAUTHORIZED: "Agora rejected our sign-in",
    Reason.OVERLOADED: "all recorders were in use",
    Reason.UNAVAILABLE: "couldn't reach Agora",
    Reason.UNDELIVERABLE: "I couldn't post here",
    Reason.NEVER_STARTED: "the recorder couldn't join",
    Reason.LOST: "the recorder disappeared",
    Reason.CRASHED: "the recorder crashed",
    Reason.LEFT: "the recorder was removed from the call",
    Reason.STOPPED: "stopped",
    Reason.IDLE: "everyone left",
    Reason.TIME_LIMIT: "reached its time limit",
    Reason.STOPPED_ELSEWHERE: "stopped outside Slack",
    Reason.NO_MEDIA: "nothing to save",
}
"""How a recording ended, by its reason."""


def outcome(recording: Recording) -> str:
    """How it ended, or its state now."""
    if not recording.is_over:
        return state_label(recording)
    reason = recording.reason or Reason.STOPPED
    words = END_REASONS.get(reason, str(reason))
    if recording.state is State.FAILED:
        return f"failed: {words}"
    if reason is Reason.STOPPED and recording.intent.stop_by:
        did = "cancelled" if recording.started_at is None else "stopped"
        return f"{did} by {person(recording.intent.stop_by)}"
    if reason is Reason.IDLE and recording.nobody_joined:
        return "no one joined"
    return words


def files_note(recording: Recording) -> str:
    """What is wrong with its files; empty if nothing is known to be."""
    delivery = recording.delivery
    if delivery is None:
        return ""
    if has_missing_files(recording):
        return "some files haven't arrived" if has_links(recording) else "not saved"
    if has_links(recording):
        return ""
    return {DeliveryState.READY: "no MP4 file", DeliveryState.UNVERIFIED: "not checked"}.get(delivery.state, "")


def span_of(recording: Recording) -> str:
    """From when to when, without seconds; one moment if both would read the same."""
    begun, ended = recording.started_at or recording.requested_at, recording.ended_at
    if recording.started_at is None or ended is None or is_same_minute(begun, ended):
        return date_and_time(begun)
    return f"{date_and_time(begun)} to {time_of_day(ended)}"


def started_by(recording: Recording) -> str:
    return f"started by {person(recording.started_by)}"


def named_links_button(recording: Recording) -> Block:
    """The button for the files, with a label that tells it from those of other recordings."""
    return {
        **links_button(recording, primary=False),
        "accessibility_label": cut(f"Get the recording of {recording.agora_channel}", 75),
    }


def card_link(recording: Recording, domain: str) -> str:
    """Empty while there is no card."""
    if recording.card_ts is None:
        return ""
    path = f"archives/{recording.slack_channel}/p{recording.card_ts.replace('.', '')}"
    return f"<https://{escape(domain)}.slack.com/{path}|Go to card>"
