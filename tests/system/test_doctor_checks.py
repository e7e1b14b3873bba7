"""The doctor's checks against the servers of the simulators: every fault is one line that names what to change.

They run in the test's own process, built as `bot.py check` builds them.
"""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest

import settings
from agora.pacing import RequestPacing
from composition.clock import SystemClock
from composition.doctor import installation_of, run_checks
from composition.slack import slack_clients
from storage.database import Database
from tests.fakes.http_server import Exchange, Script, nobody, serving
from tests.fakes.s3_server import ERROR
from tests.system.conftest import Stack
from tests.system.installation import Lines, assert_no_secret, s3, storage, whole
from tests.system.real_bucket import RealBucket

__all__ = ["s3", "storage", "whole"]


def checked(stack: Stack, **changes: str) -> Lines:
    """Each check: whether it passed, and its text."""
    return run(stack.bot.environment | changes, Database.migrate)


def run(environment: Mapping[str, str], prepare_tables: Callable[[Database], None]) -> Lines:
    config = settings.load(environment, env_file="no such file")
    clock, database = SystemClock(), Database(environment["DATABASE_URL"])
    pacing = RequestPacing(config.agora_qps, clock)
    installation = installation_of(config, database, pacing, slack_clients(config), clock)
    results = run_checks(config, installation, lambda: prepare_tables(database))
    database.close()
    text = "\n".join(result.detail for result in results)
    assert_no_secret(environment, text)
    assert "***" not in text, "ordinary words are redacted"
    return {result.check: (result.ok, ("note: " if result.note else "") + result.detail) for result in results}


def check_one_fault(stack: Stack, line: str, *named: str, **changes: str) -> str:
    """Only this check fails, and its text names these settings. Returns the text."""
    by_check = checked(stack, **changes)
    assert [check for check, (ok, _) in by_check.items() if not ok] == [line]
    detail = by_check[line][1]
    assert all(name in detail for name in named), detail
    return detail


def all_right(stack: Stack, **changes: str) -> Lines:
    by_check = checked(stack, **changes)
    assert all(ok for ok, _ in by_check.values()), by_check
    return by_check


# Settings


def test_a_wrong_setting_fails_one_check_that_names_it(whole: Stack) -> None:
    for check, setting, value in (
        ("database", "DATABASE_URL", "sqlite:////nowhere/recordings.db"),
        ("slack bot token", "SLACK_BOT_TOKEN", "xoxb-wrong"),
        ("slack app token", "SLACK_APP_TOKEN", "xapp-wrong"),
        ("agora credentials", "AGORA_CUSTOMER_ID", "wrong-customer"),
        ("agora credentials", "AGORA_CUSTOMER_SECRET", "wrong-secret"),
        ("agora app id", "AGORA_APP_ID", "f" * 32),
        ("agora app id", "AGORA_APP_ID", "my-app"),
        ("agora token", "AGORA_APP_CERTIFICATE", "abc"),
        ("bucket write", "STORAGE_BUCKET", "nobodys-bucket"),
        ("bucket write", "STORAGE_ACCESS_KEY", "UNKNOWNKEYUNKNOWN000"),
        ("bucket write", "STORAGE_SECRET_KEY", "wrong-storage-secret"),
    ):
        check_one_fault(whole, check, setting, **{setting: value})


def test_an_unreachable_storage_is_named_by_its_endpoint(whole: Stack) -> None:
    with nobody() as url:
        detail = check_one_fault(whole, "bucket write", "STORAGE_ENDPOINT", STORAGE_ENDPOINT=url)

    assert detail.startswith("NoConnection")


def test_the_error_code_of_the_storage_leads_to_the_setting(whole: Stack) -> None:
    for status, code, named in (
        (301, "PermanentRedirect", "STORAGE_REGION"),
        (400, "AuthorizationHeaderMalformed", "STORAGE_REGION"),
        (403, "RequestTimeTooSkewed", "clock (NTP)"),
        (503, "SlowDown", "STORAGE_ENDPOINT"),
    ):
        body = ERROR.format(code=code, message="no").encode()
        with serving(lambda exchange, status=status, body=body: exchange.answer(status, body)) as host:  # type: ignore[misc]
            detail = check_one_fault(whole, "bucket write", named, STORAGE_ENDPOINT=host.url)
        assert detail.startswith(code)


# Slack and Agora


def test_a_missing_scope_is_named(whole: Stack) -> None:
    whole.slack.scopes.remove("chat:write")

    check_one_fault(whole, "slack scopes", "missing: chat:write")


def test_a_missing_helpful_scope_is_a_note(whole: Stack) -> None:
    whole.slack.scopes.remove("users:read")

    assert all_right(whole)["slack scopes"][1].startswith("note: enough; would help: users:read")


def test_an_outage_of_slack_fails_one_check(whole: Stack) -> None:
    whole.slack.down()

    check_one_fault(whole, "slack bot token", "SLACK_API_URL")


def test_a_project_without_cloud_recording_is_reported(whole: Stack) -> None:
    whole.agora.fault("acquire", answer="invalid_appid", times=None)

    check_one_fault(whole, "cloud recording", "Enable Cloud Recording", "AGORA_APP_ID")


def test_an_inactive_account_is_reported(whole: Stack) -> None:
    whole.agora.fault("acquire", answer="no_active_status", times=None)

    check_one_fault(whole, "cloud recording", "inactive or unpaid", "code 405")


def test_an_outage_of_agora_fails_one_check(whole: Stack) -> None:
    whole.agora.down()

    check_one_fault(whole, "agora credentials", "AGORA_API_URLS")


def test_the_next_base_url_of_agora_is_used_if_the_first_is_down(whole: Stack) -> None:
    with nobody() as url:
        all_right(whole, AGORA_API_URLS=f"{url},{whole.agora.url}")


def in_two_minutes(url: str) -> Script:
    """A proxy whose clock is ahead."""
    parts = urlsplit(url.rstrip("/"))

    def answer(exchange: Exchange) -> None:
        asked = exchange.host.received[-1]
        kept = {name: value for name, value in asked.headers.items() if name in ("Authorization", "Content-Type")}
        with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
            connection.request(asked.method, parts.path + asked.path, asked.body, kept)
            real = connection.getresponse()
            date = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=False)
            exchange.date_time_string = lambda timestamp=None: date  # type: ignore[method-assign]
            scopes = {"x_oauth_scopes": scopes} if (scopes := real.getheader("x-oauth-scopes")) else {}
            exchange.answer(real.status, real.read(), **scopes)

    return answer


@pytest.mark.parametrize(("name", "setting"), [("Agora", "AGORA_API_URLS"), ("Slack", "SLACK_API_URL")])
def test_a_clock_that_is_two_minutes_off_is_reported_with_its_direction(whole: Stack, name: str, setting: str) -> None:
    with serving(in_two_minutes(whole.bot.environment[setting])) as proxy:
        detail = check_one_fault(whole, "clock", "NTP", **{setting: proxy.url})

    assert f"behind {name}'s clock" in detail
    assert detail.startswith(("is 1 min 5", "is 2 min 0 s"))


# The bucket


def test_a_key_that_may_not_write_fails_for_agora_too(whole: Stack, storage: RealBucket) -> None:
    storage.deny("s3:PutObject")

    detail = check_one_fault(whole, "bucket write", "STORAGE_ACCESS_KEY", "Agora can't write either")

    assert detail.startswith("AccessDenied")


@pytest.mark.parametrize(("action", "line"), [("s3:ListBucket", "bucket list"), ("s3:GetObject", "bucket read")])
def test_a_key_that_may_not_read_is_a_note(whole: Stack, storage: RealBucket, action: str, line: str) -> None:
    storage.deny(action)

    detail = all_right(whole)[line][1]

    assert detail.startswith("note: AccessDenied")
    assert "STORAGE_READ_ACCESS_KEY" in detail
    assert storage.keys == []


def test_a_separate_read_key_reads_where_the_key_for_agora_may_not(whole: Stack, storage: RealBucket) -> None:
    key = storage.another_key("s3:ListBucket", "s3:GetObject")
    storage.deny("s3:ListBucket", "s3:GetObject")

    by_check = all_right(whole, STORAGE_READ_ACCESS_KEY=key.id, STORAGE_READ_SECRET_KEY=key.secret)

    assert [detail for check, (_, detail) in by_check.items() if check.startswith("bucket ") and "note" in detail] == []


def test_a_wrong_read_key_is_named(whole: Stack) -> None:
    keys = {"STORAGE_READ_ACCESS_KEY": "UNKNOWNKEYUNKNOWN000", "STORAGE_READ_SECRET_KEY": "wrong"}

    check_one_fault(whole, "bucket list", "STORAGE_READ_ACCESS_KEY", **keys)


# The database


@pytest.mark.usefixtures("on_sqlite")
def test_a_running_bot_reports_tables_of_another_revision_and_leaves_them_alone(whole: Stack) -> None:
    all_right(whole)
    with closing(sqlite3.connect(whole.bot.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    ok, detail = run(whole.bot.environment, Database.check_tables)["database"]

    assert not ok
    assert detail.startswith("the tables are of revision 0001")
    assert [row["version_num"] for row in whole.bot.rows("SELECT version_num FROM alembic_version")] == ["0001"]
