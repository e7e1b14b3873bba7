"""Block Kit's limits in the simulated Slack."""

from __future__ import annotations

from typing import Any

from simulator.slack.blocks.checks import message_problems, too_long, view_problems, view_too_large, with_ids

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "words", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Stop"), "action_id": "stop", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def confirm(**more: Any) -> Json:
    return {"title": plain("Stop?"), "text": plain("It ends."), "confirm": plain("Stop"), "deny": plain("No"), **more}


def option(value: str = "1", **more: Any) -> Json:
    return {"text": plain(f"option {value}"), "value": value, **more}


def select(kind: str = "static_select", **more: Any) -> Json:
    return {"type": kind, "action_id": "layout", "options": [option("1"), option("2")], **more}


def overflow(count: int) -> Json:
    return {"type": "overflow", "action_id": "more", "options": [option(str(n)) for n in range(count)]}


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain("Record"), "submit": plain("Start"), "blocks": [field()], **more}


def field(**more: Any) -> Json:
    return {
        "type": "input",
        "label": plain("Channel"),
        "element": {"type": "plain_text_input", "action_id": "n"},
        **more,
    }


GOOD = [
    [{"type": "header", "text": plain("h" * 150)}],
    [section("x" * 3000)],
    [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 200}] * 10}],
    [section(accessory=overflow(5))],
    [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10}],
    [{"type": "divider"}] * 50,
    [actions(button(value="v" * 2000, style="danger", confirm=confirm()), select(), overflow(1))],
    [actions(*(button(action_id=str(n)) for n in range(25)))],
    [actions(button()), actions(button())],
    [field()],
    [actions(select(initial_option=option("2")))],
    [
        actions(
            {"type": "static_select", "action_id": "g", "option_groups": [{"label": plain("g"), "options": [option()]}]}
        )
    ],
    [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}],
    [actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-11-24"})],
    [{"type": "markdown", "text": "**bold**"}],
]


def test_blocks_within_the_limits_pass() -> None:
    for blocks in GOOD:
        assert message_problems(blocks) == []


WRONG = [
    ([{"type": "divider"}] * 51, "no more than 50 items allowed", "/blocks"),
    ("text", "must be an array", "/blocks"),
    ([{"type": "button"}], "unsupported type: button", "/blocks/0"),
    (["words"], "unsupported type: None", "/blocks/0"),
    ([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    ([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    ([{"type": "section"}], "missing required field: text or fields", "/blocks/0"),
    ([{"type": "section", "text": "words"}], "must be a text object", "/blocks/0/text"),
    ([section(color="red")], "invalid additional property: color", "/blocks/0"),
    ([{"type": "section", "fields": [plain("x")] * 11}], "no more than 10 items allowed", "/blocks/0/fields"),
    ([{"type": "section", "fields": [plain("x" * 2001)]}], "less than 2001 characters", "/blocks/0/fields/0/text"),
    ([{"type": "header", "text": plain("h" * 151)}], "less than 151 characters", "/blocks/0/text/text"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "h"}}], "must be a plain_text object", "/blocks/0/text"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "no more than 10 items", "/blocks/0/elements"),
    ([{"type": "context", "elements": []}], "no fewer than 1 items required", "/blocks/0/elements"),
    ([{"type": "context", "elements": [button()]}], "must be a text object", "/blocks/0/elements/0"),
    ([actions(*(button(action_id=str(n)) for n in range(26)))], "no more than 25 items", "/blocks/0/elements"),
    ([actions(button(text=plain("x" * 76)))], "less than 76 characters", "/blocks/0/elements/0/text/text"),
    ([actions(button(value="x" * 2001))], "less than 2001 characters", "/blocks/0/elements/0/value"),
    ([actions(button(value=7))], "must be a string", "/blocks/0/elements/0/value"),
    ([actions(button(url="x" * 3001))], "less than 3001 characters", "/blocks/0/elements/0/url"),
    ([actions(button(action_id="x" * 256))], "less than 256 characters", "/blocks/0/elements/0/action_id"),
    ([actions(button(style="green"))], "must be one of primary, danger", "/blocks/0/elements/0/style"),
    ([actions(button(), button())], "action_id must be unique: stop", "/blocks/0/elements/1/action_id"),
    ([section(block_id="a"), section(block_id="a")], "block_id must be unique: a", "/blocks/1/block_id"),
    ([section(block_id="x" * 256)], "less than 256 characters", "/blocks/0/block_id"),
    ([actions({"type": "plain_text_input"})], "unsupported type: plain_text_input", "/blocks/0/elements/0"),
    ([actions(overflow(6))], "no more than 5 items allowed", "/blocks/0/elements/0/options"),
    ([actions(overflow(0))], "no fewer than 1 items required", "/blocks/0/elements/0/options"),
    (
        [actions(select(options=[option(str(n)) for n in range(101)]))],
        "no more than 100",
        "/blocks/0/elements/0/options",
    ),
    ([actions(select(options=[option("x" * 151)]))], "less than 151", "/blocks/0/elements/0/options/0/value"),
    (
        [actions(select(initial_option=option("9")))],
        "must be one of the options",
        "/blocks/0/elements/0/initial_option",
    ),
    ([actions({"type": "static_select", "action_id": "s"})], "exactly one of options", "/blocks/0/elements/0"),
    (
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "less than 101 characters",
        "/blocks/0/elements/0/confirm/title/text",
    ),
    (
        [actions(button(confirm=confirm(text=plain("x" * 301))))],
        "less than 301 characters",
        "/blocks/0/elements/0/confirm/text/text",
    ),
    (
        [actions(button(confirm=confirm(deny=plain("x" * 31))))],
        "less than 31 characters",
        "/blocks/0/elements/0/confirm/deny/text",
    ),
    ([actions(button(confirm={"title": plain("?")}))], "missing required field: text", "/blocks/0/elements/0/confirm"),
    ([field(element=button())], "unsupported type: button", "/blocks/0/element"),
]


def test_each_problem_is_reported_with_its_path() -> None:
    for blocks, what, path in WRONG:
        problems = message_problems(blocks)

        assert any(what in problem and problem.endswith(f"[json-pointer:{path}]") for problem in problems), problems


def test_blocks_are_too_long_from_13_000_characters_on() -> None:
    assert not too_long([section("x" * 2900)] * 4)
    assert too_long([section("x" * 2900)] * 5)


def test_stored_blocks_have_an_id_for_each_block_and_element() -> None:
    stored = with_ids([section(accessory={"type": "button", "text": plain("a")}), actions(button())])

    assert [block["block_id"] for block in stored] == ["b0", "b1"]
    assert stored[0]["accessory"]["action_id"]
    assert stored[1]["elements"][0]["action_id"] == "stop"


VIEWS = [
    (modal(title=plain("x" * 25)), "less than 25 characters", "/view/title/text"),
    (modal(private_metadata="x" * 3001), "less than 3001 characters", "/view/private_metadata"),
    (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items", "/view/blocks"),
    ({"type": "modal", "title": plain("t"), "blocks": [field()]}, "missing required field: submit", "/view"),
    ({"type": "home", "title": plain("t"), "blocks": []}, "invalid additional property: title", "/view"),
    ({"type": "page"}, "must be modal or home", "/view/type"),
    (None, "must be modal or home", "/view/type"),
]


def test_each_problem_of_a_view_is_reported_with_its_path() -> None:
    for view, what, path in VIEWS:
        problems = view_problems(view)

        assert any(what in problem and problem.endswith(f"[json-pointer:{path}]") for problem in problems), problems


def test_a_modal_and_a_home_tab_within_the_limits_pass() -> None:
    assert view_problems(modal(private_metadata="x" * 3000, callback_id="start")) == []
    assert view_problems({"type": "home", "blocks": [section()] * 100}) == []
    assert not view_too_large(modal())
