"""The form that `/record` opens, the errors at its fields, and the replies if it can't open.

Errors at a field are plain text: Slack does not format them (docs.slack.dev, modals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from messages import replies
from messages.blocks import Block, Message, code, cut, rounded_span
from messages.layout import LAYOUT_HINTS, LAYOUT_NAMES, MEDIA_NAMES, RESOLUTION_NAMES
from recordings.errors import SlackError
from recordings.lifecycle.end_times import LONGEST_SECONDS
from recordings.model.options import DEFAULT_OPTIONS, Layout, Media, Options, Resolution

FORM = "record_form"
CHANNEL, RECENT, LENGTH = "channel", "recent", "length"
MEDIA, LAYOUT, RESOLUTION = "media", "layout", "resolution"
"""Fields. Each name is the id of the block and of its element."""
RECENT_SHOWN = 20
_LONGEST_ERROR = 300
_NAME_HINT = "The name that the call has at Agora; it may be another one than this Slack channel's."
_Choice = TypeVar("_Choice", Media, Layout, Resolution)
_EXPIRED = frozenset({"expired_trigger_id", "trigger_expired", "invalid_trigger_id"})
_OPENED_BEFORE = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
_IN_WORDS = "The same in words: `/record start daily for 45m audio`; `/record help` shows every word."


@dataclass(frozen=True, slots=True)
class FormDefaults:
    """The values of the form when it opens: a proposed name, names recorded here before, and the options."""

    channel: str = ""
    recent: Sequence[str] = ()
    options: Options = DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Limits:
    """`default_duration`: seconds if nobody chooses an end; `tokens`: whether recorders need tokens, which expire."""

    default_duration: float
    tokens: bool


def form(defaults: FormDefaults, limits: Limits, private: str) -> Block:
    """The modal. Slack sends `private` back with the submitted form."""
    recent = [_recent(defaults.recent)] if defaults.recent else []
    name = _typed(CHANNEL, "daily", defaults.channel)
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain("Record a call"),
        "submit": _plain("Record"),
        "close": _plain("Cancel"),
        "private_metadata": private,
        "blocks": [
            _field(CHANNEL, "Agora channel", name, _NAME_HINT, optional=bool(recent)),
            *recent,
            _length(defaults.options.lasts, limits),
            *_option_fields(defaults.options),
        ],
    }


def _option_fields(options: Options) -> list[Block]:
    picture = options if options.has_picture else DEFAULT_OPTIONS
    media = {"type": "radio_buttons", **_choices(MEDIA, MEDIA_NAMES, options.media)}
    layout = {"type": "static_select", **_choices(LAYOUT, LAYOUT_NAMES, picture.layout, LAYOUT_HINTS)}
    resolution = {"type": "static_select", **_choices(RESOLUTION, RESOLUTION_NAMES, picture.resolution)}
    return [
        _field(MEDIA, "What to record", media),
        _field(LAYOUT, "Layout", layout, "For sound and picture. The menu on the card changes it later."),
        _field(RESOLUTION, "Resolution", resolution, "For sound and picture."),
    ]


def _recent(names: Sequence[str]) -> Block:
    select: Block = {
        "type": "static_select",
        "action_id": RECENT,
        "placeholder": _plain("None of these"),
        "options": [{"text": _plain(cut(name, 75)), "value": name} for name in names[:RECENT_SHOWN]],
    }
    hint = "Recorded from this Slack channel before. A choice here counts, whatever stands above."
    return _field(RECENT, "Or one of the recent ones", select, hint, optional=True)


def _length(lasts: float | None, limits: Limits) -> Block:
    most = f"{rounded_span(LONGEST_SECONDS)} at most"
    if limits.tokens:
        most += ": a recorder lives on a token, and no token outlives 24 h"
    hint = f"45m, 2h or 1h30m; or until 15:30, where you are. Empty: {rounded_span(limits.default_duration)}. {most}."
    return _field(LENGTH, "For how long", _typed(LENGTH, "45m", typed_span(lasts)), hint, optional=True)


def typed_span(seconds: float | None) -> str:
    """A span as people type it: `45m`, `1h30m`."""
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    return (f"{hours:.0f}h" if hours else "") + (f"{rest / 60:.4g}m" if rest else "")


def _typed(name: str, example: str, value: str) -> Block:
    field: Block = {"type": "plain_text_input", "action_id": name, "placeholder": _plain(example)}
    return {**field, "initial_value": value} if value else field


def _choices(
    name: str, names: Mapping[_Choice, str], selected: _Choice, hints: Mapping[_Choice, str] | None = None
) -> Block:
    options: dict[_Choice, Block] = {
        choice: {"text": _plain(words), "value": str(choice)} for choice, words in names.items()
    }
    for choice, hint in (hints or {}).items():
        options[choice]["description"] = _plain(hint)
    return {"action_id": name, "options": list(options.values()), "initial_option": options[selected]}


def _field(name: str, label: str, element: Block, hint: str = "", *, optional: bool = False) -> Block:
    field: Block = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
    return {**field, **({"hint": _plain(hint)} if hint else {}), **({"optional": True} if optional else {})}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


# if it can't open


def not_opened(error: SlackError) -> Message:
    """For the person who typed `/record`."""
    if error.error in _OPENED_BEFORE:
        return replies.text(f"Slack opened the form before. If you don't see it, type `/record` again. {_IN_WORDS}")
    if error.error in _EXPIRED:
        return replies.text(
            "The form came too late: Slack lets me open one within 3 seconds only. Nothing was started. Type `/record`"
            f" again. {_IN_WORDS}"
        )
    if error.error.startswith("no_answer"):
        return replies.text(f"Slack did not answer in time, so the form may not open. Nothing was started. {_IN_WORDS}")
    return replies.text(
        f"Slack did not let me open the form ({code(error.error, 40)}), and nothing was started. Type `/record` again"
        f" in a moment. {_IN_WORDS}"
    )


# errors at its fields


def field_error(words: str) -> str:
    """An error for a field: one line, cut to what Slack shows there."""
    return cut(" ".join(words.split()), _LONGEST_ERROR)


def already_recorded_here(name: str) -> str:
    return f"{name} is being recorded here already: its card is in this channel."


def already_recorded_elsewhere(name: str) -> str:
    return f"{name} is already recorded from another channel."


def not_one_of(name: str, patterns: Sequence[str]) -> str:
    shown = ", ".join(patterns[:5]) + (" and others" if len(patterns) > 5 else "")
    return f"{name} is not one of the Agora channels that may be recorded: {shown} (an admin can change that)."


NO_NAME = "Which Agora channel shall be recorded?"
NO_PICTURE = "Sound only has no picture. Leave this as it was, or choose sound and picture above."
