"""The rules of Slack's documentation for blocks, written a second time and independently of the simulator
(docs.slack.dev, reference: Block Kit, composition objects, modal views)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
IN_MESSAGES = {"section", "actions", "context", "divider", "header"}
IN_MODALS = {"section", "actions", "context", "divider", "header", "input"}
_ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "button": ({"text", "action_id"}, {"value", "url", "style", "confirm", "accessibility_label"}),
    "static_select": ({"options", "action_id"}, {"placeholder", "initial_option", "confirm", "focus_on_load"}),
    "radio_buttons": ({"options", "action_id"}, {"initial_option", "confirm", "focus_on_load"}),
    "overflow": ({"options", "action_id"}, {"confirm"}),
    "plain_text_input": (
        {"action_id"},
        {"placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load"},
    ),
}
"""Required and optional fields."""
_MOST_OPTIONS = {"static_select": 100, "radio_buttons": 10, "overflow": 5}
_BLOCKS: dict[str, tuple[set[str], set[str]]] = {
    "section": ({"text"}, {"accessory", "fields"}),
    "actions": ({"elements"}, set()),
    "context": ({"elements"}, set()),
    "divider": (set(), set()),
    "header": ({"text"}, set()),
    "input": ({"label", "element"}, {"hint", "optional", "dispatch_action"}),
}


def check_message(blocks: list[Json]) -> None:
    assert len(blocks) <= 50
    _check_blocks(blocks, IN_MESSAGES)


def check_view(view: Json) -> None:
    assert view["type"] == "modal"
    _keys(view, {"type", "title", "blocks"}, {"submit", "close", "private_metadata", "callback_id"})
    for name in ("title", "submit", "close"):
        _plain(view[name], 24)
    assert len(view.get("private_metadata", "")) <= 3000
    assert len(view.get("callback_id", "")) <= 255
    assert 1 <= len(view["blocks"]) <= 100
    assert "submit" in view or all(block["type"] != "input" for block in view["blocks"])
    _check_blocks(view["blocks"], IN_MODALS)


def _check_blocks(blocks: list[Json], allowed: set[str]) -> None:
    names = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(names) == len(set(names)), names
    for block in blocks:
        assert block["type"] in allowed
        must, may = _BLOCKS[block["type"]]
        _keys(block, must | {"type"}, may | {"block_id"})
        assert len(block.get("block_id", "x")) in range(1, 256)
        _check_texts(block)
        elements = list(_elements(block))
        ids = [element["action_id"] for element in elements]
        assert len(ids) == len(set(ids)), ids
        for element in elements:
            _check_element(element)


def _elements(block: Json) -> Iterator[Json]:
    if block["type"] == "actions":
        assert 1 <= len(block["elements"]) <= 25
        yield from block["elements"]
    for name in ("accessory", "element"):
        if name in block:
            yield block[name]


def _check_texts(block: Json) -> None:
    match block["type"]:
        case "section":
            _any_text(block["text"], 3000)
        case "header":
            _plain(block["text"], 150)
        case "context":
            assert 1 <= len(block["elements"]) <= 10
            for text in block["elements"]:
                _any_text(text, 3000)
        case "input":
            _plain(block["label"], 2000)
            if "hint" in block:
                _plain(block["hint"], 2000)
            assert isinstance(block.get("optional", False), bool)
            assert block["element"]["type"] != "button"


def _check_element(element: Json) -> None:
    kind = element["type"]
    must, may = _ELEMENTS[kind]
    _keys(element, must | {"type"}, may)
    assert len(element["action_id"]) in range(1, 256)
    if kind == "button":
        _plain(element["text"], 75)
        assert len(element.get("value", "")) <= 2000
        assert len(element.get("url", "")) <= 3000
        assert element.get("style", "danger") in ("danger", "primary")
    if "placeholder" in element:
        _plain(element["placeholder"], 150)
    if "confirm" in element:
        _check_confirm(element["confirm"])
    if kind in _MOST_OPTIONS:
        _check_options(element)
    assert element.get("initial_value", "x"), "left out if empty"


def _check_options(element: Json) -> None:
    options, kind = element["options"], element["type"]
    assert 1 <= len(options) <= _MOST_OPTIONS[kind]
    for option in options:
        _keys(option, {"text", "value"}, {"description"} | ({"url"} if kind == "overflow" else set()))
        _plain(option["text"], 75)
        assert len(option["value"]) in range(1, 151)
        if "description" in option:
            _plain(option["description"], 75)
    values = [option["value"] for option in options]
    assert len(values) == len(set(values))
    if "initial_option" in element:
        assert element["initial_option"] in options, "equal to one of them in every key"


def _check_confirm(confirm: Json) -> None:
    _keys(confirm, {"title", "text", "confirm", "deny"}, {"style"})
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        _plain(confirm[name], most)
    _any_text(confirm["text"], 300)
    assert confirm.get("style", "danger") in ("danger", "primary")


def _plain(text: Json, most: int) -> None:
    assert text["type"] == "plain_text"
    _any_text(text, most)


def _any_text(text: Json, most: int) -> None:
    extra = {"emoji"} if text["type"] == "plain_text" else {"verbatim"}
    assert text["type"] in ("plain_text", "mrkdwn")
    _keys(text, {"type", "text"}, extra)
    assert len(text["text"]) in range(1, most + 1), text


def _keys(thing: Json, must: set[str], may: set[str]) -> None:
    assert must <= thing.keys() <= must | may, thing
