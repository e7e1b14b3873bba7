"""A Slack message as plain text, as somebody in UTC sees it: for the pages in docs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from messages.blocks import Message

_DATE = re.compile(r"<!date\^(\d+)\^([^|>]*)\|[^>]*>")
_LINK = re.compile(r"<(?:https?|mailto)[^|>]*\|([^>]*)>")
_PERSON, _CHANNEL = re.compile(r"<@(\w+)>"), re.compile(r"<#(\w+)(?:\|[^>]*)?>")
_BOLD = re.compile(r"\*([^*\n]+)\*")
_FORMATS = {
    "{time}": "%-I:%M %p",
    "{time_secs}": "%-I:%M:%S %p",
    "{date_short_pretty}": "%b %-d",
    "{date_short}": "%b %-d",
}


def as_text(message: Message, names: Mapping[str, str]) -> str:
    """The blocks of a message, one line each. `names`: what is shown for the ids of people and channels."""
    lines = [line for block in message.blocks for line in _block(block)]
    return "\n".join(_plain(line, names) for line in lines)


def plain_text(text: str, names: Mapping[str, str]) -> str:
    """Slack's markup as people see it."""
    return _plain(text, names)


def _block(block: Mapping[str, Any]) -> list[str]:
    match block["type"]:
        case "section":
            first, *others = str(block["text"]["text"]).splitlines()
            return [f"{first}{_accessory(block.get('accessory'))}", *others]
        case "actions":
            return ["  ".join(_element(element) for element in block["elements"])]
        case "context":
            return [f"  {element['text']}" for element in block["elements"]]
    return []


def _accessory(element: Mapping[str, Any] | None) -> str:
    if element is None:
        return ""
    return f"   {_element(element)}"


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "overflow":
        return "⋯ " + " | ".join(str(option["text"]["text"]) for option in element["options"])
    if element["type"] == "static_select":
        return f"[ {element.get('initial_option', element.get('placeholder'))['text']['text']} ▾ ]"
    return f"[ {element['text']['text']} ]"


def _plain(text: str, names: Mapping[str, str]) -> str:
    text = _DATE.sub(lambda found: _moment(int(found[1]), found[2]), text)
    text = _LINK.sub(r"\1", text)
    text = _PERSON.sub(lambda found: f"@{names.get(found[1], found[1])}", text)
    text = _CHANNEL.sub(lambda found: f"#{names.get(found[1], found[1])}", text)
    text = _BOLD.sub(r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _moment(seconds: int, form: str) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    for token, code in _FORMATS.items():
        form = form.replace(token, f"{moment:{code}}")
    return form
