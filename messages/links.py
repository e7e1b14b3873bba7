"""The reply with links to the files of a recording."""

from __future__ import annotations

from messages.blocks import Block, Message, call, plain, sections, time_of_day
from messages.files import link_label, link_lines
from messages.replies import text
from recordings.errors import BucketError, SlackError
from recordings.service.links import Links

_MOST_BUTTONS = 25
_LINKS_SIZE, _BUTTON_SIZE, _LONGEST_URL = 11_500, 130, 3000
"""Characters. Slack refuses blocks of about 13,000, and URLs of more than 3,000."""
OPEN_ACTION = "open_link"
"""The action id before the number of the button. Slack opens the link; the bot ignores the press."""


def links(given: Links, contact: str) -> Message:
    """A button for each file."""
    buttons: list[Block] = []
    lines = link_lines(given, contact)
    room = _LINKS_SIZE - sum(map(len, lines))
    for number, link in enumerate(given.links[:_MOST_BUTTONS], start=1):
        label = link_label(link, len(given.links))
        room -= len(link.url) + len(label) + _BUTTON_SIZE
        if room < 0 or len(link.url) > _LONGEST_URL:
            break
        buttons.append(_open_button(number, label, link.url))
    words = _words(given, len(given.links) - len(buttons), contact)
    actions = ({"type": "actions", "elements": buttons},) if buttons else ()
    return Message(text=words, blocks=(*sections([words, *lines]), *actions))


def _words(given: Links, left: int, contact: str) -> str:
    """`left`: how many links are not in the message."""
    name, until = call(given.recording.agora_channel), time_of_day(given.until)
    works = "The link works" if len(given.links) == 1 else "The links work"
    words = f"Here's {name}. {works} until {until} for anyone who has {'it' if len(given.links) == 1 else 'them'}"
    more = f" {left} more don't fit here; {contact} can give you those." if left else ""
    return f"{words}, so don't share {'it' if len(given.links) == 1 else 'them'}.{more}"


def _open_button(number: int, label: str, url: str) -> Block:
    return {
        "type": "button",
        "action_id": f"{OPEN_ACTION}_{number}",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "url": url,
    }


def membership_unknown(error: SlackError, contact: str) -> Message:
    """Only members of the channel get links, and Slack did not say who is one."""
    if error.error == "missing_scope":
        return text(
            "I can't see who is in this channel, so I can't give you the recording. Ask"
            f" {contact} to add the scopes `channels:read` and `groups:read`."
        )
    return text(f"I can't see who is in this channel right now ({plain(error.error, 80)}). Press again in a minute.")


def not_a_member() -> Message:
    return text("Join this channel to get its recordings.")


def no_files() -> Message:
    return text("There's no file to open for this recording. Its card says why.")


def not_made(error: BucketError, contact: str) -> Message:
    """The storage did not give a link."""
    return text(f"I couldn't create the link. Try again in a minute, or ask {contact}. Error `{plain(error.code, 80)}`")
