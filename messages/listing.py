"""The reply to `/record list`: the recordings of a Slack channel, two lines each."""

from __future__ import annotations

from messages import replies
from messages.blocks import Block, Message, code, context, cut, date_and_time, exact_span, person, section
from messages.buttons import next_button
from messages.copy import has_missing_files, state_emoji, state_label
from messages.files import has_links, links_button, summary
from recordings.model.delivery import DeliveryState
from recordings.model.listing import Page
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

END_REASONS: dict[Reason, str] = {
    Reason.REJECTED: "refused by Agora",
    Reason.UNAUTHORIZED: "the bot's credentials were not accepted",
    Reason.OVERLOADED: "too many recordings at once",
    Reason.UNAVAILABLE: "Agora could not be reached",
    Reason.UNDELIVERABLE: "the bot could not post here",
    Reason.NEVER_STARTED: "the recorder did not come up",
    Reason.LOST: "the recorder was lost",
    Reason.CRASHED: "the recorder crashed",
    Reason.LEFT: "the recorder left the call",
    Reason.STOPPED: "stopped",
    Reason.IDLE: "nobody was left in the call",
    Reason.TIME_LIMIT: "longest time reached",
    Reason.STOPPED_ELSEWHERE: "stopped outside Slack",
    Reason.NO_MEDIA: "nothing was recorded",
}
"""How a recording ended, by its reason."""


def listing(page: Page, domain: str) -> Message:
    """A page of the list, with a button for the next one."""
    if not page.recordings and page.first:
        return replies.nothing_recorded(page.agora_channel or "")
    of = f" of {code(page.agora_channel)}" if page.agora_channel else ""
    head = f"*The last recordings{of} in this channel*" if page.first else f"*Earlier recordings{of}*"
    end: Block = {"type": "actions", "elements": [next_button(page.next)]} if page.next else context("That is all.")
    entries = [_entry(recording, domain) for recording in page.recordings]
    lines = [block["text"]["text"].splitlines()[0] for block in entries]
    return Message(text=cut_lines([head, *lines]), blocks=(section(head), *entries, end))


def list_expired() -> Message:
    """The value of the button is no cursor of a list."""
    return replies.text("I don't know where that list was. `/record list` shows it anew.")


def cut_lines(lines: list[str], most: int = 3000) -> str:
    """As many whole lines as fit."""
    fitting: list[str] = []
    for line in lines:
        if sum(map(len, fitting)) + len(fitting) + len(line) > most:
            break
        fitting.append(line)
    return "\n".join(fitting)


def _entry(recording: Recording, domain: str) -> Block:
    facts = [outcome(recording), *_files(recording), replies.card_link(recording, domain)]
    block = section(
        f"{state_emoji(recording)} *{code(recording.agora_channel)}* {_when(recording)}\n{' · '.join(facts)}"
    )
    return {**block, "accessory": links_button(recording, primary=False)} if has_links(recording) else block


def _when(recording: Recording) -> str:
    begun = date_and_time(recording.started_at or recording.requested_at)
    if recording.started_at is None or recording.ended_at is None or has_links(recording):
        return begun  # `_files` has the length of what people can open.
    return f"{begun}, {exact_span(recording.ended_at - recording.started_at)}"


def outcome(recording: Recording) -> str:
    """How it ended in a few words, or its present state."""
    if not recording.is_over:
        return state_label(recording)
    reason = recording.reason or Reason.STOPPED
    words = END_REASONS.get(reason, str(reason))
    if recording.state is State.FAILED:
        return f"Failed: {words}"
    if reason is Reason.STOPPED and recording.intent.stop_by:
        return f"Stopped by {person(recording.intent.stop_by)}"
    return cut(words[:1].upper() + words[1:], 100)


def _files(recording: Recording) -> list[str]:
    delivery = recording.delivery
    if delivery is None:
        return []
    if has_links(recording):
        return [summary(delivery), *(["others are missing"] if has_missing_files(recording) else [])]
    if has_missing_files(recording):
        return ["its files are missing"]
    return {DeliveryState.READY: ["no file to download"], DeliveryState.UNVERIFIED: ["not verified"]}.get(
        delivery.state, []
    )
