"""The image, the two ways to run it, and Slack's second manifest agree with the code."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from flask import Response
from sqlalchemy import QueuePool

import settings
from storage.database import Database
from tools import manifest
from web.app import web_app

ROOT = Path(__file__).parents[2]
NOT_THE_BOT = {"simulator", "tests"}
NOT_SETTINGS = {"HOME", "PYTHONUNBUFFERED"}
STOPPED_WITHIN = 10
"""Seconds within which bot.py exits after SIGTERM."""
SETTINGS = {name for names in settings.names().values() for name in names}
SERVED = {rule.rule for rule in web_app(dict, lambda request: Response(), bytes).url_map.iter_rules()}


class MultipleLines(dict[str, Any]):
    """A repeated name in a unit file adds to the first."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, list) and name in self:
            self[name].extend(value)
        else:
            super().__setitem__(name, value)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def image() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile."""
    lines = [line for line in read("Dockerfile").splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined)]


@pytest.fixture(scope="module")
def environment(image: list[tuple[str, str]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in given(image, "ENV").split())


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load(read("compose.yml"))


@pytest.fixture(scope="module")
def replicas(compose: Any) -> list[Any]:
    return [service for service in compose["services"].values() if "agora-recorder" in service["image"]]


@pytest.fixture(scope="module")
def unit() -> Any:
    parser = RawConfigParser(strict=False, dict_type=MultipleLines, delimiters=["="])
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(read("deploy/agora-recorder.service"))
    return {section: {name: value.split("\n") for name, value in parser[section].items()} for section in parser}


def given(image: list[tuple[str, str]], name: str) -> str:
    """The arguments of the last instruction with this name, which is the one that counts."""
    return [rest for instruction, rest in image if instruction == name][-1]


def copied(image: list[tuple[str, str]]) -> set[str]:
    rests = [rest.split() for name, rest in image if name == "COPY" and not rest.startswith("--from")]
    return {source for words in rests for source in words[:-1]}


def modules_of_the_bot() -> set[str]:
    """The single modules beside the packages that bot.py or a package of the bot imports."""
    sources = [path for package in packages_of_the_bot() for path in (ROOT / package).rglob("*.py")]
    modules = {"bot"} | {name for path in sources for name in single_modules(path)}
    pending = set(modules)
    while pending:
        pending = single_modules(ROOT / f"{pending.pop()}.py") - modules | pending
        modules |= pending
    return modules


def single_modules(path: Path) -> set[str]:
    return {name for name in imported(path.read_text(encoding="utf-8")) if (ROOT / f"{name}.py").is_file()}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def packages_of_the_bot() -> set[str]:
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_THE_BOT


# Dockerfile


def test_every_copied_file_exists(image: list[tuple[str, str]]) -> None:
    assert [source for source in copied(image) if not (ROOT / source).exists()] == []


def test_the_image_has_the_whole_bot_and_nothing_else(image: list[tuple[str, str]]) -> None:
    modules = {f"{module}.py" for module in modules_of_the_bot()}
    assert copied(image) == packages_of_the_bot() | modules | {"pyproject.toml", "requirements.txt"}


def test_each_package_is_copied_to_where_it_is_imported_from(image: list[tuple[str, str]]) -> None:
    targets = [rest.split() for name, rest in image if name == "COPY" and rest.split()[0] in packages_of_the_bot()]
    assert [words for words in targets if words[0] != words[-1]] == []


def test_the_builder_sees_only_the_copied_files(image: list[tuple[str, str]]) -> None:
    lines = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied(image)


def test_the_packages_are_the_locked_ones(image: list[tuple[str, str]]) -> None:
    (pip,) = [json.loads(rest) for name, rest in image if name == "RUN" and "pip" in rest]
    assert pip[-3:] == ["--require-hashes", "--requirement", "/requirements.txt"]


def test_the_bot_is_tested_with_the_python_of_the_image(image: list[tuple[str, str]]) -> None:
    version = next(rest.removeprefix("PYTHON=") for name, rest in image if name == "ARG")
    tested = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert version in tested
    assert all(rest.startswith("python:${PYTHON}-slim") for name, rest in image if name == "FROM")


def test_signals_reach_the_bot_without_a_shell_in_between(image: list[tuple[str, str]]) -> None:
    assert json.loads(given(image, "CMD")) == ["/venv/bin/python", "bot.py"]
    assert given(image, "STOPSIGNAL") == "SIGTERM"


def test_the_image_runs_the_bot_as_the_owner_of_the_volume_not_as_root(image: list[tuple[str, str]]) -> None:
    user, group = given(image, "USER").split(":")
    assert int(user) > 0
    (made,) = [json.loads(rest) for name, rest in image if name == "RUN" and "/data" in rest]
    assert {f"--owner={user}", f"--group={group}", "--directory"} <= set(made)


def test_the_database_is_on_the_volume(image: list[tuple[str, str]], environment: dict[str, str]) -> None:
    (volume,) = json.loads(given(image, "VOLUME"))
    assert environment["DATABASE_URL"].startswith(f"sqlite:///{volume}/")


def test_the_image_sets_only_known_settings(environment: dict[str, str]) -> None:
    assert environment.keys() - NOT_SETTINGS <= SETTINGS


def test_image_and_unit_give_the_user_a_home(environment: dict[str, str], unit: Any) -> None:
    # slack_sdk asks for it at import, and the import fails where there is none.
    assert environment["HOME"]
    assert any(line.startswith("HOME=") for line in unit["Service"]["Environment"])


def test_the_health_check_requests_a_served_route(image: list[tuple[str, str]], environment: dict[str, str]) -> None:
    options, _, command = given(image, "HEALTHCHECK").partition(" CMD ")
    python, dash_c, code = json.loads(command)
    assert (python, dash_c) == ("/venv/bin/python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert set(re.findall(r"'(/\w+)'", code)) == {"/healthz"} <= SERVED
    port = environment["HTTP_PORT"]
    assert f"or {port})" in code
    assert given(image, "EXPOSE") == port == str(settings.Settings.model_fields["http_port"].default)
    assert "--start-period" in options


# compose.yml


def test_compose_runs_two_replicas_of_the_image_on_one_database(compose: Any, replicas: list[Any]) -> None:
    assert len(replicas) == 2
    assert replicas[0] == replicas[1]
    assert replicas[0]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "pg_isready" in compose["services"]["postgres"]["healthcheck"]["test"]
    assert compose["services"]["postgres"]["volumes"][0].partition(":")[0] in compose["volumes"]


def test_compose_sets_only_known_settings(replicas: list[Any], environment: dict[str, str]) -> None:
    given = replicas[0]["environment"]
    assert given.keys() <= SETTINGS
    assert given["HTTP_PORT"] == environment["HTTP_PORT"]
    assert replicas[0]["expose"] == [environment["HTTP_PORT"]]


def test_the_bot_uses_the_database_that_compose_starts(compose: Any, replicas: list[Any]) -> None:
    server = compose["services"]["postgres"]["environment"]
    password = server["POSTGRES_PASSWORD"]
    url = f"postgresql://{server['POSTGRES_USER']}:{password}@postgres/{server['POSTGRES_DB']}"
    assert password.startswith("${POSTGRES_PASSWORD:?")
    assert replicas[0]["environment"]["DATABASE_URL"] == url


def test_the_database_has_connections_for_every_thread_of_every_replica(compose: Any, replicas: list[Any]) -> None:
    pool = Database("postgresql+psycopg://nobody@nowhere/none")._engine.pool
    assert isinstance(pool, QueuePool)
    allowed = re.search(r"max_connections=(\d+)", " ".join(compose["services"]["postgres"]["command"]))
    assert allowed
    assert int(allowed[1]) > len(replicas) * (pool.size() + pool._max_overflow)


def test_compose_publishes_no_port(compose: Any) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == []


def test_compose_restarts_the_bot_and_gives_it_time_to_stop(replicas: list[Any]) -> None:
    assert replicas[0]["restart"] == "unless-stopped"
    assert int(replicas[0]["stop_grace_period"].removesuffix("s")) > STOPPED_WITHIN
    assert replicas[0]["env_file"] == ".env"


# deploy/agora-recorder.service


def test_the_unit_starts_bot_py(unit: Any) -> None:
    (folder,) = unit["Service"]["WorkingDirectory"]
    assert unit["Service"]["ExecStart"] == [f"{folder}/.venv/bin/python {folder}/bot.py"]
    assert unit["Service"]["Type"] == ["exec"]


def test_the_unit_sets_only_known_settings(unit: Any) -> None:
    names = {line.partition("=")[0] for line in unit["Service"]["Environment"]}
    assert names - NOT_SETTINGS <= SETTINGS


def test_the_unit_keeps_the_database_in_its_state_directory(unit: Any) -> None:
    (state,) = unit["Service"]["StateDirectory"]
    (url,) = [line for line in unit["Service"]["Environment"] if line.startswith("DATABASE_URL=")]
    assert url.startswith(f"DATABASE_URL=sqlite:////var/lib/{state}/")


def test_the_unit_is_restarted_except_after_wrong_settings(unit: Any) -> None:
    service = unit["Service"]
    assert service["Restart"] == ["always"]
    assert service["RestartPreventExitStatus"] == ["2"]
    assert int(service["TimeoutStopSec"][0]) > STOPPED_WITHIN
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"]


@pytest.mark.parametrize("name", ["DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp"])
def test_the_unit_is_sandboxed(unit: Any, name: str) -> None:
    assert unit["Service"][name] == ["yes"]
    assert unit["Service"]["ProtectSystem"] == ["strict"]


# requirements-demo.txt


def locked(path: str) -> dict[str, str]:
    """The name of each locked package, by its line with version and markers."""
    lines = [line.removesuffix(" \\") for line in read(path).splitlines() if re.match(r"\w", line)]
    return {line: line.partition("==")[0] for line in lines}


def test_the_locks_agree_and_contain_each_other() -> None:
    run, for_demo, dev = (locked(f"requirements{name}.txt") for name in ("", "-demo", "-dev"))
    assert run.items() <= for_demo.items() <= dev.items()


def test_the_demo_has_every_package_that_it_imports_and_none_for_tests() -> None:
    sources = [ROOT / "demo.py", *(ROOT / "simulator").rglob("*.py")]
    modules = {name for path in sources for name in imported(path.read_text(encoding="utf-8"))}
    packages = {name.lower() for module in modules for name in packages_distributions().get(module, ())}
    names = set(locked("requirements-demo.txt").values())
    assert packages - names == {"moto"}, "moto is for the store with all of S3, which the demo does not use"
    assert not names & {"boto3", "moto", "mypy", "pytest", "ruff"}


# manifest.http.yml


def test_the_manifest_for_http_is_up_to_date() -> None:
    assert manifest.TARGET.read_text(encoding="utf-8") == manifest.text(), "run `make docs`"


def test_the_manifest_for_http_fits_the_published_schema() -> None:
    schema = json.loads(read("tests/manifest_schema.json"))
    jsonschema.validate(yaml.safe_load(read("manifest.http.yml")), schema, jsonschema.Draft7Validator)


def test_the_manifest_for_http_differs_only_by_request_urls_and_socket_mode() -> None:
    over_http = yaml.safe_load(read("manifest.http.yml"))
    urls = [over_http["settings"]["interactivity"].pop("request_url")]
    urls += [command.pop("url") for command in over_http["features"]["slash_commands"]]
    assert over_http["settings"].pop("socket_mode_enabled") is False
    over_socket = yaml.safe_load(read("manifest.yml"))
    assert over_socket["settings"].pop("socket_mode_enabled") is True
    assert over_http == over_socket
    assert {url.partition("example.com")[2] for url in urls} == {"/slack/events"} <= SERVED


def test_event_subscriptions_would_get_the_same_url() -> None:
    source = yaml.safe_load(read("manifest.yml"))
    source["settings"]["event_subscriptions"] = {"bot_events": ["app_home_opened"]}
    made = manifest.over_http(source)["settings"]["event_subscriptions"]
    assert made == {"bot_events": ["app_home_opened"], "request_url": manifest.REQUEST_URL}


# docs/operations.md


def test_operations_names_only_existing_settings() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", read("docs/operations.md")))
    assert {"LEASE_SECONDS", "DATABASE_URL", "AGORA_QPS"} <= named
    assert named - SETTINGS - {"POSTGRES_PASSWORD", "RECORDER_IMAGE"} == set()


def test_operations_names_the_projects_python_and_routes() -> None:
    text = read("docs/operations.md")
    python = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    assert f"Python {python}" in text
    assert set(re.findall(r"`(?:GET |POST )?(/(?:slack|healthz|readyz|metrics)[\w/]*)`", text)) <= SERVED
