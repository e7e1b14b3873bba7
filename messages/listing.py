"""The reply to `/record list`: the recordings of a Slack channel, two lines each."""

from __future__ import annotations

from datetime import timedelta

from messages import replies
from messages.blocks import Block, Message, about, call, capitalized, section
from messages.buttons import next_button
from messages.files import files_and_size, has_links
from messages.phases import state_emoji
from messages.summaries import card_link, files_note, named_links_button, outcome, span_of
from recordings.model.listing import Page
from recordings.model.recording import Recording


def listing(page: Page, domain: str) -> Message:
    """A page of the list, with a button for the next one."""
    if not page.recordings and page.first:
        return replies.nothing_recorded(page.agora_channel or "")
    of = f" of {call(page.agora_channel)}" if page.agora_channel else " in this channel"
    head = f"Recordings{of}, newest first" if page.first else f"Older recordings{of}"
    entries = [_entry(recording, domain) for recording in page.recordings]
    lines = [block["text"]["text"].splitlines()[0] for block in entries]
    more: tuple[Block, ...] = ({"type": "actions", "elements": [next_button(page.next)]},) if page.next else ()
    return Message(text=cut_lines([head, *lines]), blocks=(section(head), *entries, *more))


def list_expired() -> Message:
    """The value of the button is no cursor of a list."""
    return replies.text("This list is too old to continue. Type `/record list` to see the recordings.")


def cut_lines(lines: list[str], most: int = 3000) -> str:
    """As many whole lines as fit."""
    fitting: list[str] = []
    for line in lines:
        if sum(map(len, fitting)) + len(fitting) + len(line) > most:
            break
        fitting.append(line)
    return "\n".join(fitting)


def _entry(recording: Recording, domain: str) -> Block:
    facts = [capitalized(outcome(recording)), _files(recording), files_note(recording), card_link(recording, domain)]
    second = " · ".join(fact for fact in facts if fact)
    block = section(f"{state_emoji(recording)} {call(recording.agora_channel)} {_when(recording)}\n{second}")
    return {**block, "accessory": named_links_button(recording)} if has_links(recording) else block


def _when(recording: Recording) -> str:
    length = _length(recording)
    return f"{span_of(recording)}, {about(length)}" if length else span_of(recording)


def _length(recording: Recording) -> timedelta | None:
    """What a link gives, if the files say so; else how long the recorder was in the call."""
    delivery = recording.delivery
    if delivery is not None and has_links(recording):
        return delivery.length
    if recording.started_at is None or recording.ended_at is None:
        return None
    return recording.ended_at - recording.started_at


def _files(recording: Recording) -> str:
    return files_and_size(recording.delivery) if recording.delivery is not None and has_links(recording) else ""
