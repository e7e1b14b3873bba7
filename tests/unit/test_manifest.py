"""manifest.yml is what Slack takes, and holds what the code needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "manifest.yml").read_text())


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((ROOT / "tests" / "manifest_schema.json").read_text())


def test_it_fits_the_published_schema(manifest: Any, schema: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(manifest, schema, jsonschema.Draft7Validator)


def test_a_key_that_slack_does_not_know_would_be_noticed(manifest: Any, schema: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest | {"colour": "red"}, schema, jsonschema.Draft7Validator)


def test_it_asks_for_the_scopes_that_the_bot_uses_and_no_more(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {"bot": ["commands", "chat:write", "chat:write.public", "channels:read", "groups:read", "im:write"]}


def test_it_is_for_socket_mode_with_buttons(manifest: Any) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["token_rotation_enabled"] is False


def test_people_and_channels_come_escaped_so_that_their_ids_can_be_told_from_names(manifest: Any) -> None:
    assert all(command["should_escape"] is True for command in manifest["features"]["slash_commands"])
