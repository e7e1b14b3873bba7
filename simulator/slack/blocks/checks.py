"""Checks of blocks, views and message metadata, as strict as Slack's; they report where a block is wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from simulator.slack.blocks.rules import (
    ACCESSORIES,
    ACTIONS,
    ANY,
    BLOCKS,
    ELEMENTS,
    FLAG,
    INPUTS,
    MESSAGE_BLOCKS,
    MESSAGE_SIZE,
    VIEW_BLOCKS,
    VIEW_SIZE,
    VIEWS,
    Rules,
    Text,
)
from simulator.slack.http import Json


def message_problems(blocks: Any) -> list[str]:
    """The problems of a message's blocks, in Slack's words."""
    checker = _Checker(MESSAGE_BLOCKS)
    checker.blocks(blocks, "/blocks")
    return checker.problems


def too_long(blocks: Any) -> bool:
    """Whether the blocks are too long together (`msg_blocks_too_long`)."""
    return _size(blocks) > MESSAGE_SIZE


def view_problems(view: Any) -> list[str]:
    """The problems of a modal or Home view."""
    checker = _Checker(VIEW_BLOCKS)
    checker.view(view)
    return checker.problems


def view_too_large(view: Any) -> bool:
    return _size(view) > VIEW_SIZE


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks as Slack stores them: each with a block_id, each element with an action_id."""
    stored = copy.deepcopy(blocks)
    for number, block in enumerate(stored):
        block.setdefault("block_id", f"b{number}")
        if block["type"] == "rich_text":
            continue
        for position, element in enumerate([*block.get("elements", []), block.get("accessory"), block.get("element")]):
            if isinstance(element, dict) and element.get("type") in (ACCESSORIES | INPUTS) - {"image"}:
                element.setdefault("action_id", f"a{number}.{position}")
    return stored


def metadata_valid(metadata: Any) -> bool:
    """An `event_type` of letters, digits, `_` and `-`, and a payload of plain values."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        return False
    event_type = metadata.get("event_type")
    named = isinstance(event_type, str) and re.fullmatch(r"[A-Za-z0-9_-]+", event_type)
    return bool(named) and _is_plain(metadata["event_payload"])


def _is_plain(value: Any) -> bool:
    """Strings, numbers, booleans, and objects and lists of them; no null anywhere."""
    if isinstance(value, dict):
        return all(_is_plain(each) for each in value.values())
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    return isinstance(value, str | int | float | bool)


class _Checker:
    def __init__(self, max_blocks: int) -> None:
        self.max_blocks = max_blocks
        self.problems: list[str] = []
        self._block_ids: set[str] = set()
        self._action_ids: set[str] = set()

    def wrong(self, what: str, path: str) -> None:
        self.problems.append(f"[ERROR] {what} [json-pointer:{path}]")

    def view(self, view: Any) -> None:
        kind = view.get("type") if isinstance(view, dict) else None
        if kind not in VIEWS:
            self.wrong("unsupported type: must be modal or home", "/view/type")
            return
        self._fields(view, VIEWS[kind], "/view", extra={"type"})
        has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in view.get("blocks") or [])
        if kind == "modal" and has_input and "submit" not in view:
            self.wrong("missing required field: submit (a modal with an input block)", "/view")

    def blocks(self, blocks: Any, path: str) -> None:
        if not self._list(blocks, path, 0, self.max_blocks):
            return
        for number, block in enumerate(blocks):
            self._block(block, f"{path}/{number}")

    def _block(self, block: Any, path: str) -> None:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in BLOCKS:
            self.wrong(f"unsupported type: {kind}", path)
            return
        self._action_ids.clear()
        self._fields(block, {**BLOCKS[kind], "block_id": 255}, path, extra={"type"})
        self._unique(block.get("block_id"), self._block_ids, "block_id", path)
        if kind == "section" and "text" not in block and "fields" not in block:
            self.wrong("missing required field: text or fields", path)

    def _unique(self, value: Any, seen: set[str], name: str, path: str) -> None:
        if isinstance(value, str):
            if value in seen:
                self.wrong(f"{name} must be unique: {value}", f"{path}/{name}")
            seen.add(value)

    def _fields(self, thing: Json, rules: Rules, path: str, *, extra: set[str]) -> None:
        """Check each field by its rule; required fields must exist, unknown ones must not."""
        known = {name.removesuffix("!"): rule for name, rule in rules.items()}
        for name in rules:
            if name.endswith("!") and name[:-1] not in thing:
                self.wrong(f"missing required field: {name[:-1]}", path)
        for name, value in thing.items():
            if name in known:
                self._value(value, known[name], f"{path}/{name}", thing)
            elif name not in extra:
                self.wrong(f"invalid additional property: {name}", path)

    def _value(self, value: Any, rule: Any, path: str, owner: Json) -> None:
        if isinstance(rule, Text):
            self._text(value, rule, path)
        elif isinstance(rule, int):
            self._string(value, rule, path)
        elif isinstance(rule, tuple):
            if value not in rule:
                self.wrong(f"must be one of {', '.join(rule)}", path)
        elif rule == FLAG:
            if not isinstance(value, bool):
                self.wrong("must be a boolean", path)
        elif rule in _CHECKS:
            _CHECKS[rule](self, value, path)
        elif rule in _CHECKS_AMONG:
            _CHECKS_AMONG[rule](self, value, path, owner)
        elif rule != ANY and not (isinstance(value, str) and re.fullmatch(rule, value)):
            self.wrong("does not match the expected pattern", path)

    def _string(self, value: Any, limit: int, path: str) -> None:
        if not isinstance(value, str):
            self.wrong("must be a string", path)
        elif len(value) > limit:
            self.wrong(f"must be less than {limit + 1} characters", path)

    def _text(self, value: Any, rule: Text, path: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in ("plain_text", "mrkdwn") or (rule.plain and kind != "plain_text"):
            self.wrong("must be a plain_text object" if rule.plain else "must be a text object", path)
            return
        self._fields(
            value, {"text!": rule.limit, "emoji" if kind == "plain_text" else "verbatim": FLAG}, path, extra={"type"}
        )
        if value.get("text") == "":
            self.wrong("must be more than 0 characters", f"{path}/text")

    def _list(self, value: Any, path: str, least: int, most: int) -> bool:
        if not isinstance(value, list):
            self.wrong("must be an array", path)
            return False
        if len(value) < least:
            self.wrong(f"no fewer than {least} items required", path)
        if len(value) > most:
            self.wrong(f"no more than {most} items allowed", path)
        return True

    def _each(self, value: Any, path: str, least: int, most: int, check: Callable[[Any, str], None]) -> None:
        if self._list(value, path, least, most):
            for number, item in enumerate(value):
                check(item, f"{path}/{number}")

    def _element(self, element: Any, path: str, allowed: set[str]) -> None:
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in allowed:
            self.wrong(f"unsupported type: {kind}", path)
            return
        self._fields(element, ELEMENTS[kind], path, extra={"type"})
        self._unique(element.get("action_id"), self._action_ids, "action_id", path)
        if "static" in kind and ("options" in element) == ("option_groups" in element):
            self.wrong("exactly one of options and option_groups is required", path)
        if kind == "image" and ("image_url" in element) == ("slack_file" in element):
            self.wrong("exactly one of image_url and slack_file is required", path)

    def _context_element(self, element: Any, path: str) -> None:
        if isinstance(element, dict) and element.get("type") == "image":
            self._element(element, path, {"image"})
        else:
            self._text(element, Text(3000, plain=False), path)

    def _option(self, option: Any, path: str, *, url: bool = False, plain: bool = True) -> None:
        if not isinstance(option, dict):
            self.wrong("must be an option", path)
            return
        rules: Rules = {"text!": Text(75, plain), "value!": 150, "description": Text(75, plain)}
        self._fields(option, {**rules, "url": 3000} if url else rules, path, extra=set())

    def _options(self, value: Any, path: str) -> None:
        self._each(value, path, 1, 100, self._option)

    def _overflow_options(self, value: Any, path: str) -> None:
        self._each(value, path, 1, 5, lambda option, at: self._option(option, at, url=True))

    def _few_options(self, value: Any, path: str) -> None:
        self._each(value, path, 1, 10, lambda option, at: self._option(option, at, plain=False))

    def _option_groups(self, value: Any, path: str) -> None:
        rules: Rules = {"label!": Text(75), "options!": "options"}
        self._each(value, path, 1, 100, lambda group, at: self._fields(group, rules, at, extra=set()))

    def _initial_option(self, value: Any, path: str, owner: Json) -> None:
        offered = [*owner.get("options", [])]
        for group in owner.get("option_groups", []):
            offered += group.get("options", [])
        if value not in offered:
            self.wrong("must be one of the options", path)

    def _initial_options(self, value: Any, path: str, owner: Json) -> None:
        self._each(value, path, 1, 100, lambda option, at: self._initial_option(option, at, owner))

    def _confirm(self, value: Any, path: str) -> None:
        rules: Rules = {
            "title!": Text(100),
            "text!": Text(300, plain=False),
            "confirm!": Text(30),
            "deny!": Text(30),
            "style": ("primary", "danger"),
        }
        if isinstance(value, dict):
            self._fields(value, rules, path, extra=set())
        else:
            self.wrong("must be a confirm object", path)

    def _section_fields(self, value: Any, path: str) -> None:
        self._each(value, path, 1, 10, lambda text, at: self._text(text, Text(2000, plain=False), at))

    def _number(self, value: Any, path: str) -> None:
        if not isinstance(value, int):
            self.wrong("must be an integer", path)

    def _input_length(self, value: Any, path: str) -> None:
        if not isinstance(value, int) or not 0 <= value <= 3000:
            self.wrong("must be between 0 and 3000", path)


_Check = Callable[[_Checker, Any, str], None]


def _elements(most: int, check: Callable[[_Checker, Any, str], None]) -> _Check:
    return lambda checker, value, path: checker._each(value, path, 1, most, lambda item, at: check(checker, item, at))


def _element(allowed: set[str]) -> _Check:
    return lambda checker, value, path: checker._element(value, path, allowed)


_CHECKS: dict[str, _Check] = {
    "blocks": _Checker.blocks,
    "action_elements": _elements(25, _element(ACTIONS)),
    "context_elements": _elements(10, _Checker._context_element),
    "accessory": _element(ACCESSORIES),
    "input_element": _element(INPUTS),
    "fields": _Checker._section_fields,
    "options": _Checker._options,
    "overflow_options": _Checker._overflow_options,
    "few_options": _Checker._few_options,
    "option_groups": _Checker._option_groups,
    "option": _Checker._option,
    "confirm": _Checker._confirm,
    "number": _Checker._number,
    "input_length": _Checker._input_length,
}
# Checks that need the rest of the element too.
_CHECKS_AMONG: dict[str, Callable[[_Checker, Any, str, Json], None]] = {
    "initial_option": _Checker._initial_option,
    "initial_options": _Checker._initial_options,
}
