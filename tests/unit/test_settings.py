"""Settings: two names, two sources, one line for each that is missing or wrong, and no secret in any of them."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from composition.configuration import check_region, check_vendor
from settings import (
    GROUPS,
    Settings,
    SettingsError,
    database_passwords,
    documented,
    line,
    load,
    load_database_url,
    misspelled_names,
    names,
    secret_values,
)
from tests.unit.wrong_settings import REQUIRED, WRONG
from tools import settings as page

ROOT = Path(__file__).parents[2]
CERTIFICATE = "fedcba9876543210fedcba9876543210"
SALT = base64.b64encode(bytes(32)).decode()

SECOND_NAMES = {
    "AGORA_APP_ID": "APP_ID",
    "AGORA_APP_CERTIFICATE": "APP_CERTIFICATE",
    "AGORA_CUSTOMER_ID": "CUSTOMER_ID",
    "AGORA_CUSTOMER_SECRET": "CUSTOMER_SECRET",
    "STORAGE_BUCKET": "BUCKET_NAME",
    "STORAGE_ACCESS_KEY": "ACCESS_KEY",
    "STORAGE_SECRET_KEY": "SECRET_KEY",
}


@pytest.fixture
def env_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / ".env"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def loaded(**changes: str) -> Settings:
    return load(REQUIRED | changes, os.devnull)


def lines(without: str = "", **changes: str) -> list[str]:
    environ = {name: value for name, value in (REQUIRED | changes).items() if name != without}
    with pytest.raises(SettingsError) as caught:
        load(environ, os.devnull)
    return caught.value.lines


def the_line(without: str = "", **changes: str) -> str:
    (only,) = lines(without, **changes)
    return only


def plain(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()


# The settings


def test_the_required_settings_are_enough_and_the_others_have_the_documented_defaults() -> None:
    settings = loaded()
    values = {field: plain(value) if isinstance(value, SecretStr) else value for field, value in settings}
    given = {field for field, variables in names().items() if variables[0] in REQUIRED}
    assert {field: value for field, value in values.items() if field not in given} == {
        "slack_signing_secret": None,
        "slack_api_url": "https://slack.com/api/",
        "agora_app_certificate": None,
        "agora_token_version": "006",
        "agora_api_urls": ("https://api.agora.io", "https://api.sd-rtn.com"),
        "agora_channel_profile": "communication",
        "agora_region": None,
        "agora_encryption_mode": 0,
        "agora_encryption_secret": None,
        "agora_encryption_salt": None,
        "agora_qps": 10,
        "agora_webhook_secret": None,
        "public_url": None,
        "storage_vendor": "aws",
        "storage_endpoint": None,
        "storage_read_access_key": None,
        "storage_read_secret_key": None,
        "database_url": "sqlite:///recordings.db",
        "query_interval_seconds": 30,
        "start_timeout_seconds": 90,
        "failover_grace_seconds": 120,
        "retry_backoff_seconds": (1, 3, 6),
        "record_on": True,
        "nothing_stored_seconds": 120,
        "unreachable_alert_seconds": 300,
        "max_idle_seconds": 300,
        "max_duration_seconds": 14400,
        "ending_soon_seconds": (600, 60),
        "extend_seconds": 1800,
        "silence_alert_seconds": 120,
        "delivery_timeout_seconds": 900,
        "link_ttl_seconds": 3600,
        "allow_guests": False,
        "allowed_agora_channels": None,
        "max_recorders": 50,
        "lease_seconds": 15,
        "http_host": "127.0.0.1",
        "support_contact": None,
        "runbook_url": None,
        "http_port": 3000,
        "log_level": "INFO",
        "log_format": None,
    }


def test_the_second_names_are_those_of_agoras_guide() -> None:
    assert {variables[0]: variables[1:] for variables in names().values() if variables[1:]} == {
        first: (second,) for first, second in SECOND_NAMES.items()
    }
    assert all(variables[0] == field.upper() for field, variables in names().items())


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LEASE_SECONDS=0.5\n")
    assert load().lease_seconds == 0.5


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        loaded().http_port = 1  # type: ignore[misc]


# Names and sources


@pytest.mark.parametrize(("first", "second"), SECOND_NAMES.items())
def test_the_second_name_works_and_the_first_one_wins(first: str, second: str) -> None:
    one, other = ("a" * 32, "b" * 32)

    def value(**given: str) -> object:
        environ = {name: text for name, text in REQUIRED.items() if name != first}
        setting = getattr(load(environ | given, os.devnull), first.lower())
        return plain(setting) if isinstance(setting, SecretStr) else setting

    assert value(**{second: other}) == other
    assert value(**{second: other, first: one}) == one
    assert value(**{second: other, first: ""}) == other


def test_the_environment_wins_over_the_file(env_file: Callable[[str], Path]) -> None:
    path = env_file("STORAGE_BUCKET=from-file\nHTTP_HOST=::\n")
    settings = load(REQUIRED, path)
    assert (settings.storage_bucket, settings.http_host) == ("calls", "::")


def test_a_first_name_in_the_file_wins_over_a_second_name_in_the_environment(env_file: Callable[[str], Path]) -> None:
    environ = {name: value for name, value in REQUIRED.items() if name != "STORAGE_BUCKET"}
    assert load(environ | {"BUCKET_NAME": "second"}, env_file("STORAGE_BUCKET=first")).storage_bucket == "first"


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_value_counts_as_not_set(nothing: str, env_file: Callable[[str], Path]) -> None:
    assert loaded(LEASE_SECONDS=nothing).lease_seconds == 15
    assert load(REQUIRED | {"LEASE_SECONDS": nothing}, env_file("LEASE_SECONDS=7")).lease_seconds == 7
    assert the_line(STORAGE_BUCKET=nothing).startswith("STORAGE_BUCKET or BUCKET_NAME is missing.")


def test_the_file_takes_quotes_comments_export_and_a_byte_order_mark(env_file: Callable[[str], Path]) -> None:
    path = env_file(
        "\ufeff# ours\nexport HTTP_HOST='::1'\nSTORAGE_BUCKET=\"my calls\" # quoted\n"
        "AGORA_WEBHOOK_SECRET=a${HOME}b#c\nNONSENSE\n"
    )
    environ = {name: value for name, value in REQUIRED.items() if name != "STORAGE_BUCKET"}
    settings = load(environ, path)
    assert (settings.http_host, settings.storage_bucket) == ("::1", "my calls")
    assert plain(settings.agora_webhook_secret) == "a${HOME}b#c"


def test_names_are_case_sensitive_and_unknown_names_are_ignored() -> None:
    assert loaded(http_port="1", HTTP_PROT="2", AGORA_APPID="3").http_port == 3000


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("QUERRY_INTERVAL_SECONDS", "QUERY_INTERVAL_SECONDS"),
        ("HTTP_PROT", "HTTP_PORT"),
        ("AGORA_APPID", "AGORA_APP_ID"),
        ("http_port", "HTTP_PORT"),
        ("SLACK_BOT_TOKENS", "SLACK_BOT_TOKEN"),
    ],
)
def test_a_name_in_the_file_within_two_letters_of_a_setting_is_reported(
    env_file: Callable[[str], Path], name: str, meant: str
) -> None:
    path = env_file(f"{name}=1\n")
    assert misspelled_names(path) == (f"{name} in {path} is not a setting. Did you mean {meant}?",)


def test_settings_and_the_names_of_others_are_not_reported(env_file: Callable[[str], Path]) -> None:
    others = "POSTGRES_PASSWORD RECORDER_IMAGE HTTP_PROXY HTTPS_PROXY BUCKET_URL SLACK_CONTROL_URL AGORA_CONTROL_URL"
    known = [name for variables in names().values() for name in variables]
    path = env_file("".join(f"{name}=1\n" for name in (*known, *others.split())))
    assert misspelled_names(path) == ()
    assert misspelled_names("no such file") == ()


# A file that can't be read


def test_a_directory_in_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(REQUIRED, tmp_path)
    assert caught.value.lines == [f"{tmp_path} can't be read: Is a directory."]


def test_a_file_without_read_permission_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)  # The tests may run as root, who may read everything.
    with pytest.raises(SettingsError) as caught:
        load(REQUIRED, ".env")
    assert caught.value.lines == [".env can't be read: Permission denied."]


def test_a_file_that_is_not_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"AGORA_CUSTOMER_SECRET=\xff\xfe\n")
    with pytest.raises(SettingsError) as caught:
        load(REQUIRED, path)
    assert caught.value.lines == [f"{path} can't be read: it is not UTF-8 text."]


def test_an_unreadable_line_of_the_file_is_reported_with_the_wrong_settings(
    env_file: Callable[[str], Path],
) -> None:
    path = env_file("HTTP_PORT=x\nAGORA_CUSTOMER_SECRET='hush\n")
    with pytest.raises(SettingsError) as caught:
        load(REQUIRED, path)
    broken, port = caught.value.lines
    assert broken == f"{path}, line 2, is not NAME=value."
    assert port.startswith('HTTP_PORT is wrong: "x".')
    with pytest.raises(SettingsError):
        load(REQUIRED | {"HTTP_PORT": "1"}, path)


# Missing and wrong settings


def test_without_any_setting_there_is_a_line_for_each_required_one() -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, os.devnull)
    assert [text.split(" is missing")[0] for text in caught.value.lines] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "AGORA_APP_ID or APP_ID",
        "AGORA_CUSTOMER_ID or CUSTOMER_ID",
        "AGORA_CUSTOMER_SECRET or CUSTOMER_SECRET",
        "STORAGE_REGION",
        "STORAGE_BUCKET or BUCKET_NAME",
        "STORAGE_ACCESS_KEY or ACCESS_KEY",
        "STORAGE_SECRET_KEY or SECRET_KEY",
    ]
    assert all(" It should hold " in text and "\n" not in text for text in caught.value.lines)
    assert str(caught.value) == "\n".join(caught.value.lines)


def loaded_by_the_bot(**changes: str) -> list[str]:
    """The lines about these settings, with the checks that need Agora's lists."""
    with pytest.raises(SettingsError) as caught:
        load(REQUIRED | changes, os.devnull, {"vendor": check_vendor, "region": check_region})
    return caught.value.lines


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_one_line_with_the_name_of_the_setting_and_what_it_should_hold(name: str, value: str) -> None:
    (text,) = loaded_by_the_bot(**{name: value})

    assert re.match(rf"{name}( or \w+)? (is|does|holds|names)\b.*[.?] It should hold .*\.$", text), text


def test_a_value_is_shown_unless_the_setting_is_a_secret_or_the_value_looks_like_one() -> None:
    secret = {field.upper() for field, info in Settings.model_fields.items() if "SecretStr" in str(info.annotation)}
    for name, value in WRONG:
        (text,) = loaded_by_the_bot(**{name: value})
        hidden = name in secret or "@" in value or not value.isprintable()
        assert (f': "{value}". ' in text) is not hidden, (name, value, text)


@pytest.mark.parametrize("value", ["xoxb-1-hush", "AKIAIOSFODNN7EXAMPLE", "hush" * 10, "me:hush@db", "hush\x1b[31m"])
def test_a_secret_in_the_wrong_variable_is_not_shown(value: str) -> None:
    for name in ("STORAGE_VENDOR", "STORAGE_REGION", "HTTP_PORT", "LOG_LEVEL", "PUBLIC_URL"):
        assert value not in loaded_by_the_bot(**{name: value})[0]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("STORAGE_VENDOR", "amazon", "aws"),
        ("STORAGE_VENDOR", "minio", "s3"),
        ("STORAGE_VENDOR", "goggle", "google"),
        ("STORAGE_REGION", "eu-cental-1", "eu-central-1"),
        ("STORAGE_REGION", "us-east2a", "us-east-2"),
        ("LOG_LEVEL", "warn", "WARNING"),
        ("LOG_FORMAT", "jsn", "json"),
        ("AGORA_CHANNEL_PROFILE", "live_broadcasting", "live"),
        ("AGORA_TOKEN_VERSION", "07", "007"),
    ],
)
def test_a_value_that_is_almost_right_is_answered_with_the_right_one_first(name: str, value: str, meant: str) -> None:
    (text,) = loaded_by_the_bot(**{name: value})

    assert f': "{value}". Did you mean {meant}? It should hold ' in text
    assert len(text) < 260, "no list of all regions"


def test_a_region_like_no_other_leads_to_the_list() -> None:
    assert "All regions: docs/settings.md." in loaded_by_the_bot(STORAGE_REGION="mars")[0]


def test_an_unknown_vendor_says_nothing_about_the_region() -> None:
    (text,) = loaded_by_the_bot(STORAGE_VENDOR="amazon", STORAGE_REGION="")
    assert text.startswith("STORAGE_VENDOR is not a storage vendor that Agora can write to")


def test_a_missing_setting_is_one_line() -> None:
    for variable in REQUIRED:
        assert the_line(without=variable).startswith(variable)


def test_one_run_reports_every_wrong_setting_also_those_that_depend_on_another() -> None:
    changes = {
        "AGORA_ENCRYPTION_MODE": "7",
        "STORAGE_VENDOR": "s3",
        "MAX_DURATION_SECONDS": "90000",
        "AGORA_APP_CERTIFICATE": CERTIFICATE,
        "HTTP_PORT": "x",
    }
    assert [text.split()[0] for text in lines(without="SLACK_APP_TOKEN", **changes)] == [
        "SLACK_APP_TOKEN",
        "AGORA_ENCRYPTION_SECRET",
        "AGORA_ENCRYPTION_SALT",
        "STORAGE_ENDPOINT",
        "MAX_DURATION_SECONDS",
        "HTTP_PORT",
    ]


def test_a_problem_that_another_module_finds_has_the_same_form() -> None:
    assert line("storage_bucket", "does not exist") == (
        "STORAGE_BUCKET or BUCKET_NAME does not exist. It should hold the name of the bucket that Agora uploads to."
    )


# One by one


def test_a_socket_token_or_a_signing_secret_is_enough() -> None:
    environ = {name: value for name, value in REQUIRED.items() if name != "SLACK_APP_TOKEN"}
    settings = load(environ | {"SLACK_SIGNING_SECRET": "s"}, os.devnull)
    assert settings.slack_app_token is None
    assert plain(settings.slack_signing_secret) == "s"
    assert "SLACK_SIGNING_SECRET" in the_line(without="SLACK_APP_TOKEN")


@pytest.mark.parametrize("version", ["006", "007"])
def test_both_token_versions_are_accepted(version: str) -> None:
    assert loaded(AGORA_TOKEN_VERSION=version).agora_token_version == version
    assert the_line(AGORA_TOKEN_VERSION="005").endswith(" It should hold 006 or 007, the version of recorders' tokens.")


@pytest.mark.parametrize("text", ["my-app", "g" * 32, "0" * 33])
def test_an_app_id_and_a_certificate_of_any_shape_are_accepted(text: str) -> None:
    settings = loaded(AGORA_APP_ID=text, AGORA_APP_CERTIFICATE=text)
    assert (settings.agora_app_id, plain(settings.agora_app_certificate)) == (text, text)


def test_encryption_needs_a_secret() -> None:
    for mode in range(1, 7):
        assert the_line(AGORA_ENCRYPTION_MODE=str(mode)).startswith("AGORA_ENCRYPTION_SECRET is missing")
        assert loaded(AGORA_ENCRYPTION_MODE=str(mode), AGORA_ENCRYPTION_SECRET="k").agora_encryption_mode == mode


@pytest.mark.parametrize("mode", ["7", "8"])
def test_the_newer_encryption_modes_need_a_salt_too(mode: str) -> None:
    given = {"AGORA_ENCRYPTION_MODE": mode, "AGORA_ENCRYPTION_SECRET": "k"}
    assert the_line(**given).startswith("AGORA_ENCRYPTION_SALT is missing")
    assert plain(loaded(**given, AGORA_ENCRYPTION_SALT=SALT).agora_encryption_salt) == SALT


def test_only_vendors_with_regions_need_one() -> None:
    for vendor in ("azure", "5", "google", "6", "Google"):
        assert loaded(STORAGE_VENDOR=vendor, STORAGE_REGION="").storage_region is None, vendor
    for vendor in ("", "aws", "1", "alibaba", "2", "tencent", "huawei", "baidu", "8"):
        assert the_line(STORAGE_VENDOR=vendor, STORAGE_REGION="").startswith("STORAGE_REGION is missing"), vendor


@pytest.mark.parametrize("vendor", ["s3", "S3", "11"])
def test_s3_compatible_storage_needs_its_host(vendor: str) -> None:
    assert the_line(STORAGE_VENDOR=vendor).startswith("STORAGE_ENDPOINT is missing")
    settings = loaded(STORAGE_VENDOR=vendor, STORAGE_REGION="", STORAGE_ENDPOINT="s3.example.com")
    assert settings.storage_endpoint == "s3.example.com"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("s3.example.com", "s3.example.com"),
        ("https://s3.example.com", "s3.example.com"),
        ("https://s3.example.com/", "s3.example.com"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_the_endpoint_becomes_its_host_with_a_scheme_only_if_it_is_http(given: str, host: str) -> None:
    assert loaded(STORAGE_ENDPOINT=given).storage_endpoint == host


def test_urls_get_the_last_slash_that_their_users_need() -> None:
    settings = loaded(SLACK_API_URL="http://127.0.0.1:1/api", AGORA_API_URLS=" http://127.0.0.1:2/ , https://b/x/,")
    assert settings.slack_api_url == "http://127.0.0.1:1/api/"
    assert settings.agora_api_urls == ("http://127.0.0.1:2", "https://b/x")


def test_durations_take_fractions() -> None:
    settings = loaded(LEASE_SECONDS="0.5", RETRY_BACKOFF_SECONDS="0.1, .2,3", MAX_IDLE_SECONDS="1.5")
    assert (settings.lease_seconds, settings.max_idle_seconds) == (0.5, 1.5)
    assert settings.retry_backoff_seconds == (0.1, 0.2, 3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2700),
        ("4h", 14400),
        ("1h30m", 5400),
        ("90s", 90),
        ("30", 30),
        ("1.5h", 5400),
        ("1H 30M", 5400),
        ("2d", 172800),
    ],
)
def test_durations_take_units(text: str, seconds: float) -> None:
    durations = [name for name, *_ in names().values() if name.endswith("_SECONDS")]
    settings = loaded(**dict.fromkeys(durations, text))
    assert {field: value for field, value in settings if field.endswith("_seconds")} == {
        name.lower(): (seconds,) if name in ("RETRY_BACKOFF_SECONDS", "ENDING_SOON_SECONDS") else seconds
        for name in durations
    }


def test_lists_of_durations_take_units_in_each_item() -> None:
    assert loaded(ENDING_SOON_SECONDS="10m, 90s,30").ending_soon_seconds == (600, 90, 30)


@pytest.mark.parametrize("text", ["m", "5 min", "30m1h", "1h 30", "-5m", "1e3m", "0h", "h45", "1,5h"])
def test_other_durations_are_refused(text: str) -> None:
    assert the_line(LEASE_SECONDS=text).startswith("LEASE_SECONDS is wrong")


def test_a_recording_with_a_token_is_limited_to_23_hours() -> None:
    assert loaded(MAX_DURATION_SECONDS="90000").max_duration_seconds == 90000
    assert loaded(MAX_DURATION_SECONDS="82800", APP_CERTIFICATE=CERTIFICATE).max_duration_seconds == 82800
    text = the_line(MAX_DURATION_SECONDS="82801", APP_CERTIFICATE=CERTIFICATE)
    assert text.startswith("MAX_DURATION_SECONDS is more than 23h")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
        ("postgres://me:p%40ss@db/x", "postgresql+psycopg://me:p%40ss@db/x"),
        ("postgresql://me:p%40ss@db:1/x?sslmode=require", "postgresql+psycopg://me:p%40ss@db:1/x?sslmode=require"),
        ("postgresql+psycopg://db/x", "postgresql+psycopg://db/x"),
    ],
)
def test_the_database_url_gets_a_driver(given: str, url: str) -> None:
    assert plain(loaded(DATABASE_URL=given).database_url) == url


def test_words_may_be_in_any_case() -> None:
    settings = loaded(LOG_LEVEL="debug", LOG_FORMAT="JSON", AGORA_REGION="eu", AGORA_CHANNEL_PROFILE="Live")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
    assert (settings.agora_region, settings.agora_channel_profile) == ("EU", "live")


# Secrets


SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-hush-1",
    "SLACK_APP_TOKEN": "xapp-hush-2",
    "SLACK_SIGNING_SECRET": "hush-3",
    "AGORA_APP_CERTIFICATE": CERTIFICATE,
    "AGORA_CUSTOMER_ID": "hush-4",
    "AGORA_CUSTOMER_SECRET": "hush-5",
    "AGORA_ENCRYPTION_SECRET": "hush-6",
    "AGORA_ENCRYPTION_SALT": SALT,
    "AGORA_WEBHOOK_SECRET": "hush-7",
    "STORAGE_ACCESS_KEY": "hush-8",
    "STORAGE_SECRET_KEY": "hush-9",
}


def test_no_repr_shows_a_secret() -> None:
    settings = loaded(**SECRETS, DATABASE_URL="postgresql://me:hush-10@db/x")
    shown = f"{settings!r} {settings} {settings.model_dump()}"
    assert "hush" not in shown
    assert CERTIFICATE not in shown
    assert SALT not in shown


def test_the_secret_values_include_every_secret_in_every_form() -> None:
    settings = loaded(**SECRETS, DATABASE_URL="postgresql://me:hush%2010@db/x?password=hush-11")
    basic = base64.b64encode(b"hush-4:hush-5").decode()
    assert set(secret_values(settings)) == {*SECRETS.values(), basic, "hush 10", "hush-11"}


def test_an_uncaught_validation_error_shows_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(REQUIRED | {"SLACK_BOT_TOKEN": "hush", "HTTP_PORT": "hush"})
    assert "hush" not in str(caught.value)


# The groups, .env.example and docs/settings.md


def test_each_setting_is_in_one_group() -> None:
    assert sorted(field for fields in GROUPS.values() for field in fields) == sorted(Settings.model_fields)


def test_the_first_group_is_what_is_required() -> None:
    assert {setting.names[0] for setting in documented() if setting.required} == REQUIRED.keys()


def test_the_example_has_the_groups_in_their_order() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    parts = re.split(r"^# --- (\w+) -+$", text, flags=re.MULTILINE)[1:]
    shown = {
        title: set(re.findall(r"^#?([A-Z_]+)=", part, re.MULTILINE))
        for title, part in zip(parts[::2], parts[1::2], strict=True)
    }
    assert list(shown) == list(GROUPS)
    assert shown == {title: {field.upper() for field in fields} for title, fields in GROUPS.items()}


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert page.TARGET.read_text(encoding="utf-8") == page.text(), "run `make docs`"


def test_the_page_shows_names_and_defaults() -> None:
    rows = re.findall(r"^\| (`[A-Z].*) \| (.+) \| (?:`([^`]*)`.*|required|) \|$", page.text(), re.MULTILINE)
    assert {tuple(re.findall(r"`(\w+)`", row[0])) for row in rows} == set(names().values())
    assert all(meaning for _, meaning, _ in rows)
    shown = {row[0].split("`")[1]: row[2] for row in rows if row[2]}
    assert loaded(**shown) == loaded()


def example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(example()) == {variables[0] for variables in names().values()}


def test_each_setting_of_the_example_has_a_comment_that_names_its_second_name() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for first, *others in names().values():
        comment = re.search(rf"^# (.+)\n#?{first}=", text, re.MULTILINE)
        assert comment, first
        assert all(other in comment[1] for other in others), first


def test_the_example_shows_the_defaults() -> None:
    shown = {name: value for name, value in example().items() if value}
    assert loaded(**shown) == loaded()


def test_the_example_leaves_the_required_settings_and_the_certificate_to_fill_in() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) == {*REQUIRED, "AGORA_APP_CERTIFICATE"}


@pytest.mark.parametrize("alone", ["STORAGE_READ_ACCESS_KEY", "STORAGE_READ_SECRET_KEY"])
def test_the_read_keys_come_together(alone: str) -> None:
    assert "set both or neither" in the_line(**{alone: "half-of-a-key"})
    both = loaded(STORAGE_READ_ACCESS_KEY="reader", STORAGE_READ_SECRET_KEY="its-secret")
    assert plain(both.storage_read_access_key) == "reader"


# Permissions


@pytest.mark.parametrize(("value", "allowed"), [("1", True), ("yes", True), ("on", True), ("0", False), ("off", False)])
def test_guests_are_allowed_only_by_the_setting(value: str, allowed: bool) -> None:
    assert loaded(ALLOW_GUESTS=value).allow_guests is allowed


@pytest.mark.parametrize(("value", "on"), [("1", True), ("true", True), ("0", False), ("off", False), ("no", False)])
def test_lost_recordings_are_resumed_unless_the_setting_is_off(value: str, on: bool) -> None:
    assert loaded(RECORD_ON=value).record_on is on


def test_allowed_channels_are_a_list_of_patterns() -> None:
    assert loaded(ALLOWED_AGORA_CHANNELS=" team-*, daily ,").allowed_agora_channels == ("team-*", "daily")


def test_an_empty_list_of_channels_is_refused() -> None:
    assert "It should hold shell patterns" in the_line(ALLOWED_AGORA_CHANNELS=" , ")


# The database alone


def test_the_database_url_can_be_loaded_without_the_other_settings(env_file: Callable[[str], Path]) -> None:
    def url(text: str, **environ: str) -> str | None:
        return plain(load_database_url(environ, env_file(text)))

    assert url("") == "sqlite:///recordings.db"
    assert url("DATABASE_URL=sqlite:///a.db\nnonsense\nHTTP_PORT=x") == "sqlite:///a.db"
    assert url("", DATABASE_URL="postgresql://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert database_passwords(load_database_url({"DATABASE_URL": "postgresql://u:p1@h/d?password=p2"}, os.devnull)) == (
        "p1",
        "p2",
    )


@pytest.mark.parametrize(("text", "url"), [("", "mysql://u:p@h/d"), ("DATABASE URL=x", "")])
def test_a_wrong_database_url_is_one_line(env_file: Callable[[str], Path], text: str, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_database_url({"DATABASE_URL": url}, env_file(text))
    assert len(caught.value.lines) == 1
    assert "u:p" not in caught.value.lines[0]
