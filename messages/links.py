"""The reply with links to the files of a recording."""

from __future__ import annotations

from messages.blocks import Block, Message, clock, code, plain, sections
from messages.files import link_label, link_lines
from messages.replies import text
from recordings.errors import SlackError
from recordings.service.links import Links

_MOST_BUTTONS = 25
_LINKS_SIZE, _BUTTON_SIZE, _LONGEST_URL = 11_500, 130, 3000
"""Characters. Slack refuses blocks of about 13,000, and URLs of more than 3,000."""
OPEN_ACTION = "open_link"
"""The action id before the number of the button. Slack opens the link; the bot ignores the press."""


def links(given: Links) -> Message:
    """A button for each file."""
    name = code(given.recording.agora_channel)
    words = f"The files of {name}, until {clock(given.until)}. Whoever has such a link gets the file: pass none on."
    buttons: list[Block] = []
    lines = link_lines(given)
    room = _LINKS_SIZE - sum(map(len, lines))
    for number, link in enumerate(given.links[:_MOST_BUTTONS], start=1):
        label = link_label(link, len(given.links))
        room -= len(link.url) + len(label) + _BUTTON_SIZE
        if room < 0 or len(link.url) > _LONGEST_URL:
            break
        buttons.append(_open_button(number, label, link.url))
    left = len(given.links) - len(buttons)
    if left:
        words += f" {left} more don't fit into one message; they are in the bucket beside these."
    actions = ({"type": "actions", "elements": buttons},) if buttons else ()
    return Message(text=words, blocks=(*sections([words, *lines]), *actions))


def _open_button(number: int, label: str, url: str) -> Block:
    return {
        "type": "button",
        "action_id": f"{OPEN_ACTION}_{number}",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "url": url,
    }


def membership_unknown(error: SlackError) -> Message:
    """Only members of the channel get links, and Slack did not say who is one."""
    if error.error == "missing_scope":
        return text(
            "I can't tell whether you are a member of this channel, so I give no link: the app lacks the scopes"
            " `channels:read` and `groups:read`. Show this to the person who set me up."
        )
    return text(f"Slack does not tell me just now who is in this channel ({plain(error.error, 80)}). Press again.")
