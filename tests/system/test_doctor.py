"""`bot.py check` and `/record doctor`: every way to break the set-up is one line that names what to mend."""

from __future__ import annotations

import http.client
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.slack import Interaction
from tests.fakes.http_server import Exchange, Script, accepting_only, nobody, serving
from tests.fakes.s3_server import ERROR, S3Server
from tests.system import prefork
from tests.system.conftest import Stack, words
from tests.system.real_bucket import RealBucket, real_bucket, s3_quietly

SECRET = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "AGORA_APP_CERTIFICATE", "AGORA_CUSTOMER_ID",
          "AGORA_CUSTOMER_SECRET", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")  # fmt: skip
Lines = dict[str, tuple[bool, str]]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_quietly() as server:
        yield server


@pytest.fixture
def storage(s3: S3Server) -> Iterator[RealBucket]:
    with real_bucket(s3) as storage:
        yield storage


@pytest.fixture
def whole(stack: Stack, storage: RealBucket) -> Stack:
    """A set-up in which everything is right."""
    stack.bot.environment |= storage.settings
    return stack


def run(stack: Stack, **settings: str) -> subprocess.CompletedProcess[str]:
    """`bot.py check`; an empty setting is none."""
    return prefork.server().run(["check"], stack.bot.environment | settings, stack.bot.folder)


def checked(stack: Stack, *, code: int, **settings: str) -> Lines:
    """Each line: whether it is right, and what it says."""
    ended = run(stack, **settings)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    given = stack.bot.environment | settings
    assert not [name for name in SECRET if given[name] and given[name] in ended.stdout + ended.stderr]
    assert "***" not in ended.stdout, "words that people need are taken for secrets"
    lines = ended.stdout.splitlines()
    assert all(line.startswith(("ok    ", "FAIL  ")) for line in lines)
    return {line[6:23].strip(): (line.startswith("ok"), line[24:]) for line in lines}


def one_fault(stack: Stack, line: str, *named: str, **settings: str) -> str:
    """Exactly this line is wrong, and it names these settings; what it says."""
    found = checked(stack, code=1, **settings)
    assert [what for what, (ok, _) in found.items() if not ok] == [line]
    said = found[line][1]
    assert all(name in said for name in named), said
    return said


# All right


def test_a_set_up_that_is_right_is_said_to_be_so_and_nothing_of_the_look_remains(
    whole: Stack, storage: RealBucket
) -> None:
    found = checked(whole, code=0)

    assert all(ok for ok, _ in found.values())
    assert [what for what, (_, said) in found.items() if said.startswith("note: ")] == [
        "agora webhook",
        "still to prove",
    ]
    assert whole.slack.messages("daily") == []
    assert whole.agora.recorders() == []
    assert storage.keys == []


def test_it_shows_the_numbers_that_agora_is_sent(whole: Stack, storage: RealBucket) -> None:
    host = storage.settings["STORAGE_ENDPOINT"].removeprefix("http://")

    said = checked(whole, code=0)["storage"][1]

    assert said == f"Agora is sent bucket {storage.name}, vendor 11 (s3), region 0, endpoint {host}"


# Settings


@pytest.mark.parametrize(
    ("line", "setting", "value"),
    [
        ("database", "DATABASE_URL", "sqlite:////nowhere/recordings.db"),
        ("slack bot token", "SLACK_BOT_TOKEN", "xoxb-wrong"),
        ("slack app token", "SLACK_APP_TOKEN", "xapp-wrong"),
        ("agora credentials", "AGORA_CUSTOMER_ID", "wrong-customer"),
        ("agora credentials", "AGORA_CUSTOMER_SECRET", "wrong-secret"),
        ("agora app id", "AGORA_APP_ID", "f" * 32),
        ("bucket write", "STORAGE_BUCKET", "nobodys-bucket"),
        ("bucket write", "STORAGE_ACCESS_KEY", "UNKNOWNKEYUNKNOWN000"),
        ("bucket write", "STORAGE_SECRET_KEY", "wrong-storage-secret"),
    ],
)
def test_a_wrong_setting_is_the_one_line_that_names_it(whole: Stack, line: str, setting: str, value: str) -> None:
    one_fault(whole, line, setting, **{setting: value})


def test_a_missing_setting_is_told_alone(whole: Stack) -> None:
    one_fault(whole, "settings", "STORAGE_BUCKET", STORAGE_BUCKET="")


def test_a_storage_that_nobody_serves_is_named_by_its_endpoint(whole: Stack) -> None:
    with nobody() as url:
        said = one_fault(whole, "bucket write", "STORAGE_ENDPOINT", STORAGE_ENDPOINT=url)

    assert said.startswith("NoConnection")


@pytest.mark.parametrize(
    ("status", "code", "named"),
    [
        (301, "PermanentRedirect", "STORAGE_REGION"),
        (400, "AuthorizationHeaderMalformed", "STORAGE_REGION"),
        (403, "RequestTimeTooSkewed", "clock (NTP)"),
        (503, "SlowDown", "STORAGE_ENDPOINT"),
    ],
)
def test_the_storages_own_word_leads_to_the_setting(whole: Stack, status: int, code: str, named: str) -> None:
    body = ERROR.format(code=code, message="no").encode()
    with serving(lambda exchange: exchange.answer(status, body)) as host:
        said = one_fault(whole, "bucket write", named, STORAGE_ENDPOINT=host.url)

    assert said.startswith(code)


# Slack and Agora


def test_a_missing_scope_is_named(whole: Stack) -> None:
    whole.slack.scopes.remove("chat:write")

    one_fault(whole, "slack scopes", "missing: chat:write")


def test_a_scope_that_would_help_is_a_note(whole: Stack) -> None:
    whole.slack.scopes.remove("users:read")

    assert checked(whole, code=0)["slack scopes"][1].startswith("note: enough; would help: users:read")


def test_a_slack_that_is_down_is_one_fault(whole: Stack) -> None:
    whole.slack.down()

    one_fault(whole, "slack bot token", "SLACK_API_URL")


def test_cloud_recording_that_is_not_enabled_is_told(whole: Stack) -> None:
    whole.agora.fault("acquire", answer="invalid_appid", times=None)

    one_fault(whole, "cloud recording", "Enable Cloud Recording", "AGORA_APP_ID")


def test_an_inactive_account_is_told(whole: Stack) -> None:
    whole.agora.fault("acquire", answer="no_active_status", times=None)

    one_fault(whole, "cloud recording", "inactive or unpaid", "code 405")


def test_an_agora_that_is_down_is_one_fault(whole: Stack) -> None:
    whole.agora.down()

    one_fault(whole, "agora credentials", "AGORA_API_URLS")


def test_an_agora_whose_first_base_is_down_is_none(whole: Stack) -> None:
    with nobody() as url:
        checked(whole, code=0, AGORA_API_URLS=f"{url},{whole.agora.url}")


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
def test_a_clock_that_is_two_minutes_off_is_told_with_its_direction(whole: Stack, name: str, setting: str) -> None:
    with serving(in_two_minutes(whole.bot.environment[setting])) as proxy:
        said = one_fault(whole, "clock", "NTP", **{setting: proxy.url})

    assert f"behind {name}'s clock" in said
    assert said.startswith(("is 1 min 5", "is 2 min 0 s"))


# Notifications


def test_a_bot_that_runs_takes_the_test_notification_at_its_public_address(whole: Stack, port: int) -> None:
    reachable = {"AGORA_WEBHOOK_SECRET": "webhook-secret", "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    said = one_fault(whole, "agora webhook", "PUBLIC_URL", "The bot has to run", **reachable)
    assert "no connection" in said
    whole.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET="webhook-secret")

    assert checked(whole, code=0, **reachable)["agora webhook"] == (
        True,
        f"a test notification to http://127.0.0.1:{port} was taken",
    )
    assert whole.bot.rows("SELECT id FROM notices") == [], "it has no effect"
    other = reachable | {"AGORA_WEBHOOK_SECRET": "another-secret"}
    assert "another AGORA_WEBHOOK_SECRET" in one_fault(whole, "agora webhook", **other)


def test_a_bot_that_runs_without_a_secret_takes_no_notification(whole: Stack, port: int) -> None:
    whole.start(HTTP_PORT=str(port))
    reachable = {"AGORA_WEBHOOK_SECRET": "webhook-secret", "PUBLIC_URL": f"http://127.0.0.1:{port}"}

    one_fault(whole, "agora webhook", "nothing serves /agora/webhook", **reachable)


# The bucket


def test_a_key_that_may_not_write_is_told_to_be_agoras_trouble_too(whole: Stack, storage: RealBucket) -> None:
    storage.deny("s3:PutObject")

    said = one_fault(whole, "bucket write", "STORAGE_ACCESS_KEY", "Agora can't write either")

    assert said.startswith("AccessDenied")


@pytest.mark.parametrize(("action", "line"), [("s3:ListBucket", "bucket list"), ("s3:GetObject", "bucket read")])
def test_a_key_that_may_not_look_is_a_note_and_no_fault(
    whole: Stack, storage: RealBucket, action: str, line: str
) -> None:
    storage.deny(action)

    said = checked(whole, code=0)[line][1]

    assert said.startswith("note: AccessDenied")
    assert "STORAGE_READ_ACCESS_KEY" in said
    assert storage.keys == []


def test_a_key_of_the_bots_own_looks_where_agoras_may_not(whole: Stack, storage: RealBucket) -> None:
    key = storage.another_key("s3:ListBucket", "s3:GetObject")
    storage.deny("s3:ListBucket", "s3:GetObject")

    found = checked(whole, code=0, STORAGE_READ_ACCESS_KEY=key.id, STORAGE_READ_SECRET_KEY=key.secret)

    assert [said for what, (_, said) in found.items() if what.startswith("bucket ") and "note" in said] == []


def test_a_wrong_key_of_the_bots_own_is_named(whole: Stack) -> None:
    keys = {"STORAGE_READ_ACCESS_KEY": "UNKNOWNKEYUNKNOWN000", "STORAGE_READ_SECRET_KEY": "wrong"}

    one_fault(whole, "bucket list", "STORAGE_READ_ACCESS_KEY", **keys)


# The bot's own


def test_as_many_recorders_as_agora_allows_are_told(whole: Stack) -> None:
    whole.start()
    whole.recording()
    whole.bot.kill()

    one_fault(whole, "own recorders", "1 run", "MAX_RECORDERS", MAX_RECORDERS="1")
    assert checked(whole, code=0)["own recorders"][1].startswith("1 of 50 ")


# Time


@pytest.mark.usefixtures("on_sqlite")
def test_it_has_an_end_though_everything_hangs(whole: Stack) -> None:
    checked(whole, code=0)
    whole.slack.faults.add("*", hang=True)
    whole.agora.fault(hang="answer", times=None)
    with ExitStack() as stack:
        silent = stack.enter_context(accepting_only())
        held = stack.enter_context(closing(sqlite3.connect(whole.bot.database, isolation_level=None)))
        held.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        found = checked(whole, code=1, STORAGE_ENDPOINT=f"http://{silent}")

    assert time.monotonic() - begun < 20
    faults = [what for what, (ok, _) in found.items() if not ok]
    assert faults == ["database", "slack bot token", "agora credentials", "bucket write"]
    assert len(found) == 18


# /record doctor


def told(stack: Stack, asked: Interaction) -> str:
    """What came over the response_url."""
    stack.slack.wait_for(lambda: asked.responses, timeout=25, what="what was found")
    assert words(asked)
    return asked.responses[-1].said


def test_an_admin_reads_in_slack_what_was_found(whole: Stack, storage: RealBucket) -> None:
    whole.start()

    asked = whole.command("doctor")

    assert asked.reply is not None
    assert asked.reply.said == "Looking; this takes a few seconds."
    said = told(whole, asked)
    assert said.startswith("*All right: 19 things looked at*"), said
    assert "✅ *bucket delete* it is removed" in said
    assert "✅ *posting here* I am in this channel" in said
    assert not [name for name in SECRET if whole.bot.environment[name] in said]
    assert whole.slack.calls_of("chat.postMessage") == whole.slack.calls_of("chat.postEphemeral") == []
    assert storage.keys == []


def test_somebody_who_is_no_admin_reads_who_may(whole: Stack) -> None:
    whole.start()

    said = told(whole, whole.command("doctor", by="ben"))

    assert "Only admins and owners of this workspace may ask for that" in said
    assert whole.agora.requests("acquire") == []


def test_where_slack_may_not_tell_who_is_an_admin_the_scope_is_named(whole: Stack) -> None:
    whole.slack.scopes.remove("users:read")
    whole.start()

    assert "`users:read`" in told(whole, whole.command("doctor"))


def break_account(stack: Stack) -> str:
    stack.agora.fault("acquire", answer="no_active_status", times=None)
    return "❌ *cloud recording* HTTP 400, code 405"


def break_membership(stack: Stack) -> str:
    stack.slack.scopes.remove("chat:write.public")
    stack.slack.remove_bot("daily")
    return "❌ *posting here* I am not in this channel"


@pytest.mark.parametrize("breaking", [break_account, break_membership])
def test_what_breaks_while_it_runs_is_the_one_thing_that_needs_a_look(
    whole: Stack, breaking: Callable[[Stack], str]
) -> None:
    whole.start()
    expected = breaking(whole)

    said = told(whole, whole.command("doctor"))

    assert said.startswith("*1 thing needs a look*"), said
    assert expected in said
    assert said.count("❌") == 1


def test_a_private_channel_without_the_bot_gets_the_words_to_invite_it(whole: Stack) -> None:
    whole.start()

    said = told(whole, whole.command("doctor", channel="design"))

    assert "❌ *posting here*" in said
    assert "/invite @recorder" in said


def test_it_is_acknowledged_at_once_though_agora_hangs_and_the_other_commands_go_on(whole: Stack) -> None:
    whole.start()
    whole.agora.fault("users", hang="answer", times=None)

    asked = whole.command("doctor")
    other = whole.command("status", by="ben")

    for interaction in (asked, other):
        assert interaction.latency is not None
        assert interaction.latency < 1
    assert "❌ *agora credentials*" in told(whole, asked)


@pytest.mark.usefixtures("on_sqlite")
def test_a_bot_that_runs_leaves_the_tables_alone(whole: Stack) -> None:
    whole.start()
    told(whole, whole.command("doctor"))
    with closing(sqlite3.connect(whole.bot.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    said = told(whole, whole.command("doctor"))

    assert "❌ *database* the tables are of revision 0001" in said
    assert [row["version_num"] for row in whole.bot.rows("SELECT version_num FROM alembic_version")] == ["0001"]


def test_its_log_says_who_asked_and_what_was_wrong(whole: Stack) -> None:
    whole.start()
    expected = break_account(whole)
    assert expected in told(whole, whole.command("doctor"))

    lines: list[dict[str, Any]] = [json.loads(line) for line in whole.bot.log.splitlines() if '"doctor"' in line]
    (line,) = [line for line in lines if line.get("event") == "doctor"]

    assert line["wrong"] == ["cloud recording"]
