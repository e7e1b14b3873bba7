"""The form that `/record` opens, what stands at its fields, and what a person reads where it can't open.

What stands at a field is plain text: Slack looks for no marks there (docs.slack.dev, modals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from messages import replies
from messages.blocks import Block, Message, amount_of_time, code, cut
from messages.layout import LAYOUT_HINTS, LAYOUT_NAMES, MEDIA_NAMES, RESOLUTION_NAMES
from recordings.errors import SlackError
from recordings.lifecycle.end_times import LONGEST_SECONDS
from recordings.model.options import DEFAULT_OPTIONS, Layout, Media, Options, Resolution

FORM = "record_form"
CHANNEL, RECENT, LENGTH = "channel", "recent", "length"
MEDIA, LAYOUT, RESOLUTION = "media", "layout", "resolution"
"""Fields: each is its block's id, and its element's."""
RECENT_SHOWN = 20
_AT_A_FIELD = 300
_NAME_HINT = "The name that the call has at Agora; it may be another one than this Slack channel's."
_Choice = TypeVar("_Choice", Media, Layout, Resolution)
_LATE = frozenset({"expired_trigger_id", "trigger_expired", "invalid_trigger_id"})
_OPENED_BEFORE = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
_IN_WORDS = "The same in words: `/record start daily for 45m audio`; `/record help` shows every word."


@dataclass(frozen=True, slots=True)
class FormDefaults:
    """What the form holds when it opens: the name that is proposed, those recorded here lately, and the options."""

    channel: str = ""
    recent: Sequence[str] = ()
    options: Options = DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a recording takes where nothing is said, in seconds, and whether recorders live on tokens."""

    default_duration: float
    tokens: bool


def form(begun: FormDefaults, limits: Limits, private: str) -> Block:
    """The modal. `private` comes back with what was filled in."""
    recent = [_recent(begun.recent)] if begun.recent else []
    blocks = [
        _field(CHANNEL, "Agora channel", _typed(CHANNEL, "daily", begun.channel), _NAME_HINT, optional=bool(recent)),
        *recent,
        _length(begun.options.lasts, limits),
        _field(MEDIA, "What to record", {"type": "radio_buttons", **_choices(MEDIA, MEDIA_NAMES, begun.options.media)}),
        _field(
            LAYOUT,
            "Layout",
            {"type": "static_select", **_choices(LAYOUT, LAYOUT_NAMES, _picture(begun.options).layout, LAYOUT_HINTS)},
            "For sound and picture. The menu on the card changes it later.",
        ),
        _field(
            RESOLUTION,
            "Resolution",
            {
                "type": "static_select",
                **_choices(RESOLUTION, RESOLUTION_NAMES, _picture(begun.options).resolution),
            },
            "For sound and picture.",
        ),
    ]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain("Record a call"),
        "submit": _plain("Record"),
        "close": _plain("Cancel"),
        "private_metadata": private,
        "blocks": blocks,
    }


def _picture(options: Options) -> Options:
    return options if options.has_picture else DEFAULT_OPTIONS


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
    most = f"{amount_of_time(LONGEST_SECONDS)} at most"
    if limits.tokens:
        most += ": a recorder lives on a token, and no token outlives 24 h"
    hint = f"45m, 2h or 1h30m; or until 15:30, where you are. Empty: {amount_of_time(limits.default_duration)}. {most}."
    return _field(LENGTH, "For how long", _typed(LENGTH, "45m", in_short(lasts)), hint, optional=True)


def in_short(seconds: float | None) -> str:
    """A length as it can be typed: `45m`, `1h30m`."""
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    return (f"{hours:.0f}h" if hours else "") + (f"{rest / 60:.4g}m" if rest else "")


def _typed(name: str, example: str, value: str) -> Block:
    field: Block = {"type": "plain_text_input", "action_id": name, "placeholder": _plain(example)}
    return {**field, "initial_value": value} if value else field


def _choices(
    name: str, names: Mapping[_Choice, str], now: _Choice, hints: Mapping[_Choice, str] | None = None
) -> Block:
    options: dict[_Choice, Block] = {
        choice: {"text": _plain(words), "value": str(choice)} for choice, words in names.items()
    }
    for choice, hint in (hints or {}).items():
        options[choice]["description"] = _plain(hint)
    return {"action_id": name, "options": list(options.values()), "initial_option": options[now]}


def _field(name: str, label: str, element: Block, hint: str = "", *, optional: bool = False) -> Block:
    field: Block = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
    return {**field, **({"hint": _plain(hint)} if hint else {}), **({"optional": True} if optional else {})}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


# where it can't open


def not_opened(error: SlackError) -> Message:
    """To whoever asked for the form."""
    if error.error in _OPENED_BEFORE:
        return replies.text(f"Slack opened the form before. If you don't see it, type `/record` again. {_IN_WORDS}")
    if error.error in _LATE:
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


# at its fields


def at_a_field(words: str) -> str:
    """Plain words, cut to what fits below a field."""
    return cut(" ".join(words.split()), _AT_A_FIELD)


def runs_here(name: str) -> str:
    return f"{name} is being recorded here already: its card is in this channel."


def runs_elsewhere(name: str) -> str:
    return f"{name} is already recorded from another channel."


def not_one_of(name: str, patterns: Sequence[str]) -> str:
    shown = ", ".join(patterns[:5]) + (" and others" if len(patterns) > 5 else "")
    return f"{name} is not one of the Agora channels that may be recorded: {shown} (an admin can change that)."


NO_NAME = "Which Agora channel shall be recorded?"
NO_PICTURE = "Sound only has no picture. Leave this as it was, or choose sound and picture above."
