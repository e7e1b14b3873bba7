"""The form that `/record` opens, the errors at its fields, and the replies if it can't open.

Errors at a field are plain text: Slack does not format them (docs.slack.dev, modals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from messages import replies
from messages.blocks import Block, Message, code, cut, rounded_span
from messages.config import DEFAULT_CONTACT
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
_NAME_HINT = "The call's channel name in Agora. It can differ from this Slack channel's name."
_Choice = TypeVar("_Choice", Media, Layout, Resolution)
_EXPIRED = frozenset({"expired_trigger_id", "trigger_expired", "invalid_trigger_id"})
_OPENED_BEFORE = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
_AGAIN = "Type `/record` again, or `/record start` and the name of the call."


@dataclass(frozen=True, slots=True)
class FormDefaults:
    """The values of the form when it opens: a proposed name, names recorded here before, and the options."""

    channel: str = ""
    recent: Sequence[str] = ()
    options: Options = DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Limits:
    """`default_duration`: seconds if nobody chooses an end."""

    default_duration: float


def form(defaults: FormDefaults, limits: Limits, private: str) -> Block:
    """The modal. Slack sends `private` back with the submitted form."""
    recent = [_recent(defaults.recent)] if defaults.recent else []
    name = _typed(CHANNEL, "Name of the call", defaults.channel)
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain("Record a call"),
        "submit": _plain("Record"),
        "close": _plain("Cancel"),
        "private_metadata": private,
        "blocks": [
            _field(CHANNEL, "Call", name, _NAME_HINT, optional=bool(recent)),
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
        _field(LAYOUT, "Layout", layout, "For video only. You can change it later on the card."),
        _field(RESOLUTION, "Resolution", resolution, "For video only."),
    ]


def _recent(names: Sequence[str]) -> Block:
    select: Block = {
        "type": "static_select",
        "action_id": RECENT,
        "placeholder": _plain("Choose a call"),
        "options": [{"text": _plain(cut(name, 75)), "value": name} for name in names[:RECENT_SHOWN]],
    }
    hint = "Recorded here before. If you choose one, it's used instead of the name above."
    return _field(RECENT, "Or choose a recent call", select, hint, optional=True)


def _length(lasts: float | None, limits: Limits) -> Block:
    longest = "" if limits.default_duration > LONGEST_SECONDS else f" At most {_in_words(LONGEST_SECONDS)}."
    usual = _in_words(limits.default_duration)
    hint = f"For example 45m, 2h or until 15:30. If empty: {usual}.{longest}"
    return _field(LENGTH, "Stop after", _typed(LENGTH, "45m", typed_span(lasts)), hint, optional=True)


def _in_words(seconds: float) -> str:
    """`4 hours`, `1 h 30 min`."""
    hours, rest = divmod(seconds, 3600)
    return rounded_span(seconds) if rest or not hours else f"{hours:.0f} {'hour' if hours == 1 else 'hours'}"


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
    """For the person who wanted the form."""
    if error.error in _OPENED_BEFORE:
        return replies.text(f"The form is already open. If you don't see it: {_AGAIN}")
    if error.error in _EXPIRED or error.error.startswith("no_answer"):
        return replies.text(f"The form didn't open in time, so nothing was started. {_AGAIN}")
    return replies.text(f"Slack didn't open the form, so nothing was started. {_AGAIN} Error {code(error.error, 40)}")


# errors at its fields


def field_error(words: str) -> str:
    """An error for a field: one line, cut to what Slack shows there."""
    return cut(" ".join(words.split()), _LONGEST_ERROR)


def already_recorded_here(name: str) -> str:
    return f"{name} already has a recording here. See its card in this channel."


def already_recorded_elsewhere(name: str) -> str:
    return f"Someone is already recording {name} from another channel."


def not_one_of(name: str, patterns: Sequence[str], contact: str = DEFAULT_CONTACT) -> str:
    """A field shows no mentions, so a contact that is one is not named."""
    shown = ", ".join(patterns[:5]) + (" and others" if len(patterns) > 5 else "")
    named = DEFAULT_CONTACT if "<" in contact else contact
    return f"{name} can't be recorded here. Allowed: {shown}. Ask {named} to add it."


NO_NAME = "Which call should I record?"
NO_LAYOUT = "Audio-only recordings have no layout. Leave it as it was, or choose Video above."
NO_RESOLUTION = "Audio-only recordings have no resolution. Leave it as it was, or choose Video above."
