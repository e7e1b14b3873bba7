"""The help, and the replies to a command that can't be understood."""

from __future__ import annotations

import re

from messages.blocks import Message, code, context, plain, rounded_span, section, typed
from messages.buttons import button
from messages.config import MessageConfig
from messages.replies import text

OPEN_FORM_ACTION = "open_form"
OPTIONS_ACTION = "help_options"

_SUMMARY = (
    (
        "Record a call",
        (
            ("/record", "opens the form"),
            ("/record start", "records the call named like this Slack channel"),
            ("/record start [call]", "records another call"),
            ("/record start [call] for 45m", "also stops it after 45 minutes"),
            ("/record start [call] audio", "records audio only"),
        ),
    ),
    (
        "While it records",
        (
            ("/record status", "shows what is being recorded"),
            ("/record stop", "stops it; the card has a button for that, too"),
        ),
    ),
    (
        "Afterwards",
        (
            ("/record list", "finds the recordings of this channel"),
            ("/record doctor", "checks the setup (for admins)"),
            ("/record help start", "shows every option"),
        ),
    ),
)
_START = (
    "*`/record start` records a call*",
    "`/record start` records the call named like this Slack channel",
    "`/record start [call]` records the call with that name",
    'Put quotes around a name with spaces: `/record start "[name with spaces]"`',
    "*Behind the name, in any order*",
    "`for 45m`, `for 2h`, `for 1h30m` stop it after that time; `until HH:MM` stops it at that time",
    "`audio` records audio only",
    "`grid`, `floating` or `speaker` is the layout of the video; `360p`, `480p`, `720p` or `1080p` its resolution",
)
_TOPICS: dict[str, tuple[str, ...]] = {
    "start": _START,
    "stop": (
        "*`/record stop` stops a recording*",
        "`/record stop` stops what this channel records, no matter who started it",
        "`/record stop [call]` stops the recording of that call",
    ),
    "status": (
        "*`/record status` shows what is being recorded*",
        "`/record status` shows what this channel records, or how the last recording ended",
        "`/record status [call]` shows the recording of that call",
    ),
    "list": (
        "*`/record list` finds recordings*",
        "`/record list` shows the recordings of this channel, newest first",
        "`/record list [call]` shows the recordings of that call",
    ),
    "doctor": (
        "*`/record doctor` checks the setup*",
        "It checks Slack, Agora, the storage and the database. Only workspace admins can run it.",
    ),
}
_LOOKS_LIKE_A_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def help_text(config: MessageConfig, topic: str | None = None) -> Message:
    """The help for one command, or an overview with buttons that open the form and show every option."""
    lines = _TOPICS.get(topic or "")
    if lines is not None:
        return text("\n".join(lines))
    groups = ["\n".join([f"*{title}*", *(f"`{typed}` {does}" for typed, does in rows)]) for title, rows in _SUMMARY]
    buttons = [button(OPEN_FORM_ACTION, "Open form", "help"), button(OPTIONS_ACTION, "All options", "start")]
    return Message(
        text="\n".join(groups),
        blocks=(
            *(section(group) for group in groups),
            {"type": "actions", "elements": buttons},
            context(f"Questions? Ask {config.support_contact}."),
        ),
    )


def unknown_command(word: str, suggestion: str | None, config: MessageConfig) -> Message:
    """`suggestion`: the command that was probably meant."""
    no_such = f"There's no {code(word, 40)} command."
    instead = _instead(word.lower(), config)
    if instead:
        return text(f"{no_such} {instead}")
    if suggestion:
        return text(f"{no_such} Did you mean {code(suggestion, 120)}?")
    as_name = f" To record a call with that name, type `/record start {typed(word)}`."
    named = as_name if _LOOKS_LIKE_A_NAME.fullmatch(word) else ""
    return text(f"{no_such}{named} To see all commands, type `/record help`.")


def _instead(word: str, config: MessageConfig) -> str:
    """What to do instead of a command that people expect; empty for any other word."""
    more = f"*Add {rounded_span(config.extension)}*"
    files = "To get a recording, press *Get the recording* on its card, or find it with `/record list`."
    answers = {
        ("extend", "add", "longer"): f"To record longer, press {more} on the card.",
        ("files", "file", "link", "links", "download", "get", "play"): files,
        ("share",): "Members of this channel can press *Get the recording* on the card.",
        ("delete", "remove"): f"Recordings can't be deleted from Slack. Ask {config.support_contact}.",
        ("pause", "resume"): "A recording can't be paused. Press *Stop recording*, then *Record again*.",
        ("cancel",): "While a recording starts, press *Cancel* on its card. Later, type `/record stop`.",
        ("who",): "`/record status` shows who started each recording.",
        ("settings", "config", "setup"): (
            f"Type `/record` to choose how a call is recorded. For the setup, ask {config.support_contact}."
        ),
        ("layout",): "To change the layout, use the menu on the card.",
    }
    return next((answer for words, answer in answers.items() if word in words), "")


def usage(problem: str, example: str = "") -> Message:
    """The mistake in a command, and a command that works."""
    return text(f"{plain(problem)} Try {code(example, 200)}." if example else plain(problem))
