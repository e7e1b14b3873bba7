"""Links to the files of a recording, for whoever may have them."""

from __future__ import annotations

from messages.blocks import Block, Message, clock, code, cut, plain, section
from messages.files import amount
from messages.replies import text
from recordings.errors import SlackError
from recordings.service.links import Link, Links

_MOST_BUTTONS = 25
_LINKS_SIZE, _BUTTON_SIZE, _LONGEST_URL = 11_500, 130, 3000
"""Characters: Slack refuses blocks of about 13,000, and a URL of more than 3,000."""
OPEN_ACTION = "open_link"
"""Followed by a number; pressing it opens the link, and nothing has to be done."""


def links(found: Links) -> Message:
    """A button for each file; whoever has the link has the file, until then."""
    name = code(found.recording.agora_channel)
    words = f"The files of {name}, until {clock(found.until)}. Whoever has such a link gets the file: pass none on."
    buttons: list[Block] = []
    room = _LINKS_SIZE
    for number, link in enumerate(found.links[:_MOST_BUTTONS], start=1):
        label = cut(_label(link, number, len(found.links)), 75)
        room -= len(link.url) + len(label) + _BUTTON_SIZE
        if room < 0 or len(link.url) > _LONGEST_URL:
            break
        buttons.append(_open_button(number, label, link.url))
    left = len(found.links) - len(buttons)
    if left:
        words += f" {left} more don't fit into one message; they are in the bucket beside these."
    actions = ({"type": "actions", "elements": buttons},) if buttons else ()
    return Message(text=words, blocks=(section(words), *actions))


def _open_button(number: int, label: str, url: str) -> Block:
    return {
        "type": "button",
        "action_id": f"{OPEN_ACTION}_{number}",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "url": url,
    }


def _label(link: Link, number: int, count: int) -> str:
    return f"Open file {number} ({amount(link.size)})" if count > 1 else f"Open the recording ({amount(link.size)})"


def membership_unknown(error: SlackError) -> Message:
    """Links go to members alone, and Slack does not tell who is one."""
    if error.error == "missing_scope":
        return text(
            "I can't tell whether you are a member of this channel, so I give no link: the app lacks the scopes"
            " `channels:read` and `groups:read`. Show this to the person who set me up."
        )
    return text(f"Slack does not tell me just now who is in this channel ({plain(error.error, 80)}). Press again.")
