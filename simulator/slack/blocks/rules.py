"""Block Kit as data: the fields of each block and element, and their limits.

A rule is one of: an int (a string of at most that many characters), a Text (a text object), `FLAG`, `ANY`, or the name
of a check in `checks.py`. A name ending in `!` is required.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

FLAG: Final = "flag"
ANY: Final = "any"


@dataclass(frozen=True)
class Text:
    """A text object of at most `limit` characters."""

    limit: int
    plain: bool = True


Rules = dict[str, Any]

_ACTION: Rules = {"action_id": 255, "focus_on_load": FLAG, "confirm": "confirm"}
_SELECT: Rules = {**_ACTION, "placeholder": Text(150)}
_MULTI: Rules = {**_SELECT, "max_selected_items": "number"}
_OPTIONS: Rules = {"options": "options", "option_groups": "option_groups"}
_DATE: Rules = {**_ACTION, "placeholder": Text(150)}
_INPUT: Rules = {
    "action_id": 255,
    "focus_on_load": FLAG,
    "placeholder": Text(150),
    "initial_value": 3000,
    "dispatch_action_config": ANY,
}
_IMAGE: Rules = {"image_url": 3000, "slack_file": ANY, "alt_text!": 2000}

ELEMENTS: dict[str, Rules] = {
    "button": {
        "text!": Text(75),
        "action_id": 255,
        "url": 3000,
        "value": 2000,
        "style": ("primary", "danger"),
        "confirm": "confirm",
        "accessibility_label": 75,
    },
    "overflow": {"action_id": 255, "options!": "overflow_options", "confirm": "confirm"},
    "static_select": {**_SELECT, **_OPTIONS, "initial_option": "initial_option"},
    "multi_static_select": {**_MULTI, **_OPTIONS, "initial_options": "initial_options"},
    "external_select": {**_SELECT, "initial_option": "option", "min_query_length": "number"},
    "multi_external_select": {**_MULTI, "initial_options": ANY, "min_query_length": "number"},
    "users_select": {**_SELECT, "initial_user": 255},
    "multi_users_select": {**_MULTI, "initial_users": ANY},
    "conversations_select": {
        **_SELECT,
        "initial_conversation": 255,
        "default_to_current_conversation": FLAG,
        "response_url_enabled": FLAG,
        "filter": ANY,
    },
    "multi_conversations_select": {
        **_MULTI,
        "initial_conversations": ANY,
        "default_to_current_conversation": FLAG,
        "filter": ANY,
    },
    "channels_select": {**_SELECT, "initial_channel": 255, "response_url_enabled": FLAG},
    "multi_channels_select": {**_MULTI, "initial_channels": ANY},
    "radio_buttons": {**_ACTION, "options!": "few_options", "initial_option": "initial_option"},
    "checkboxes": {**_ACTION, "options!": "few_options", "initial_options": "initial_options"},
    "datepicker": {**_DATE, "initial_date": r"\d{4}-\d{2}-\d{2}"},
    "timepicker": {**_DATE, "initial_time": r"([01]\d|2[0-3]):[0-5]\d", "timezone": 100},
    "datetimepicker": {**_ACTION, "initial_date_time": "number"},
    "plain_text_input": {**_INPUT, "multiline": FLAG, "min_length": "input_length", "max_length": "input_length"},
    "number_input": {**_INPUT, "is_decimal_allowed!": FLAG, "min_value": 255, "max_value": 255},
    "email_text_input": _INPUT,
    "url_text_input": _INPUT,
    "image": _IMAGE,
}

_TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
_PRESSED = {"button", "overflow", "image"}
ACTIONS = set(ELEMENTS) - _TYPED - {"image"}
ACCESSORIES = set(ELEMENTS) - _TYPED
INPUTS = set(ELEMENTS) - _PRESSED

BLOCKS: dict[str, Rules] = {
    "section": {"text": Text(3000, plain=False), "fields": "fields", "accessory": "accessory", "expand": FLAG},
    "header": {"text!": Text(150)},
    "context": {"elements!": "context_elements"},
    "actions": {"elements!": "action_elements"},
    "divider": {},
    "image": {**_IMAGE, "title": Text(2000)},
    "input": {
        "label!": Text(2000),
        "element!": "input_element",
        "hint": Text(2000),
        "optional": FLAG,
        "dispatch_action": FLAG,
    },
    "markdown": {"text!": 12000},
    "rich_text": {"elements!": ANY},
}

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Slack does not document how it measures: blocks fail from about 13,200 characters of JSON on.
MESSAGE_SIZE = 13_000
VIEW_SIZE = 250_000
VIEWS: dict[str, Rules] = {
    "modal": {
        "title!": Text(24),
        "submit": Text(24),
        "close": Text(24),
        "private_metadata": 3000,
        "callback_id": 255,
        "external_id": 255,
        "clear_on_close": FLAG,
        "notify_on_close": FLAG,
        "submit_disabled": FLAG,
        "blocks!": "blocks",
    },
    "home": {"private_metadata": 3000, "callback_id": 255, "external_id": 255, "blocks!": "blocks"},
}
