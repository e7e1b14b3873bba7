"""manifest.yml fits Slack's schema and matches the listeners of the app."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml
from slack_bolt import App, BoltRequest

from doctor.slack import HELPFUL_SCOPES, NEEDED_SCOPES
from handlers import COMMANDS
from handlers.app import BUTTON_ROUTES, slack_app
from handlers.commands.parser import VERBS
from messages.cards import STOP_ACTION
from messages.delivery.slack import web_client
from simulator.slack import SlackSimulator
from tests.fakes.handlers import handlers_on
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import up
from tools.manifest import link, pages_with_link, with_link

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "manifest.yml").read_text())


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((ROOT / "tests" / "manifest_schema.json").read_text())


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def app(memory: Memory) -> App:
    """The app with every listener that the bot registers."""
    client = web_client("xoxb-test", "http://127.0.0.1:9/api/")
    return slack_app(client, "xoxb-test", "", handlers_on(memory, client))


def sends(app: App, **body: Any) -> str:
    """What the app answers to a request of Slack."""
    who = {"team_id": "T1", "team": {"id": "T1"}, "user_id": "U2", "user": {"id": "U2"}, "api_app_id": "A1"}
    return str(app.dispatch(BoltRequest(body=who | body, mode="socket_mode")).body)


def test_it_fits_the_published_schema(manifest: Any, schema: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(manifest, schema, jsonschema.Draft7Validator)


def test_the_schema_refuses_an_unknown_key(manifest: Any, schema: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest | {"colour": "red"}, schema, jsonschema.Draft7Validator)


def test_it_asks_for_exactly_the_scopes_that_the_doctor_checks(manifest: Any) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": [*NEEDED_SCOPES, *HELPFUL_SCOPES]}


def test_it_is_for_socket_mode_with_buttons(manifest: Any) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["token_rotation_enabled"] is False


def test_slack_escapes_people_and_channels_so_that_a_mention_is_no_name(manifest: Any) -> None:
    assert all(command["should_escape"] is True for command in manifest["features"]["slash_commands"])


def test_its_slash_commands_are_those_of_the_app(manifest: Any, app: App) -> None:
    commands = [command["command"] for command in manifest["features"]["slash_commands"]]

    assert commands == list(COMMANDS)
    for command in commands:
        assert "Record a call" in sends(app, command=command, text="help", channel_id="C1")


def test_the_usage_hint_names_every_verb_but_the_one_for_admins(manifest: Any) -> None:
    (command,) = manifest["features"]["slash_commands"]
    verbs = {part.split()[0] for part in command["usage_hint"].split(",")}

    assert verbs == set(VERBS) - {"doctor"}


def test_the_app_and_its_bot_have_one_name(manifest: Any) -> None:
    assert manifest["display_information"]["name"] == manifest["features"]["bot_user"]["display_name"] == "Recorder"
    assert SlackSimulator().bot.name == "Recorder"


# The link that creates the app


def test_the_link_carries_the_manifest(manifest: Any) -> None:
    address = urlsplit(link())
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://api.slack.com/apps"
    query = parse_qs(address.query, strict_parsing=True)
    assert query.keys() == {"new_app", "manifest_json"}
    assert json.loads(query["manifest_json"][0]) == manifest


def test_the_link_has_no_character_that_ends_a_link_in_markdown() -> None:
    assert re.fullmatch(r"[\w:/.?&=%~-]+", link())


def test_the_docs_have_the_link_and_it_is_up_to_date() -> None:
    pages = list(pages_with_link())
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text == with_link(text), f"{page.name}: run `make docs`"


def test_only_what_is_between_the_markers_changes() -> None:
    page = "1. <!-- slack-app-link -->old<!-- /slack-app-link --> and install it.\n"
    assert with_link(page).replace(link(), "LINK") == page.replace("old", "[Create the Slack app](LINK)")
    assert with_link("no markers") == "no markers"


def test_it_can_print_the_link_alone() -> None:
    command = [sys.executable, "tools/manifest.py", "--link"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == f"{link()}\n"


def test_interactivity_is_on_and_the_app_answers_the_button_of_the_card(
    manifest: Any, app: App, memory: Memory
) -> None:
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    recordings = MemoryRecordings(memory)
    recordings.add_recording(up(), None)
    press = {"type": "button", "action_id": STOP_ACTION, "block_id": "card-rec1", "value": "rec1"}
    sends(app, type="block_actions", channel={"id": "C1"}, container={"type": "message"}, actions=[press])

    row = recordings.recording("rec1")
    assert row is not None
    assert row.intent.stop_by == "U2"


def test_the_app_listens_to_nothing_that_the_manifest_leaves_off(manifest: Any, app: App) -> None:
    menu_links_and_form = 3
    assert len(app._listeners) == len(COMMANDS) + len(BUTTON_ROUTES) + menu_links_and_form
    assert "event_subscriptions" not in manifest["settings"]
