"""Logs: one handler for all lines, and no secret in any of them, however it is quoted."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import structlog

import logs

SECRET = 's3cr"et\\/ü+% x'
APP_ID = "0123456789abcdef" * 2
TOKEN_006 = "006" + APP_ID + "IADe+abc/DEF=" + "x" * 80
TOKEN_007 = "007" + "eJxTYPjI+/aB" * 12
RESPONSE_URL = "https://hooks.slack.com/commands/T012/345/hush"
LIBRARY_LOG = logging.getLogger("somebody.else")

pytestmark = pytest.mark.usefixtures("restored_logs")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def redacted(text: str, *secrets: str) -> str:
    return logs.Redaction(secrets)(text)


# Lines


def test_our_lines_have_event_fields_context_level_and_time(lines: Lines) -> None:
    logs.configure(format="json")
    structlog.contextvars.bind_contextvars(recording_id="r1")
    structlog.get_logger("engine.steps").info("step_done", attempt=3)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "step_done",
        "attempt": 3,
        "recording_id": "r1",
        "level": "info",
        "logger": "engine.steps",
    }


def test_lines_of_libraries_have_the_same_form(lines: Lines) -> None:
    logs.configure(format="json")
    structlog.contextvars.bind_contextvars(recording_id="r1")
    LIBRARY_LOG.warning("%s of %s", 3, "four")
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("3 of four", "warning", "somebody.else")
    assert line["recording_id"] == "r1"


def test_the_console_format_is_one_readable_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(format="console")
    structlog.get_logger("engine.steps").info("step_done", attempt=3)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert all(word in shown for word in ("step_done", "attempt=3", "engine.steps"))
    assert "\x1b" not in shown  # No colours where nobody sees them.


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_a_terminal_gets_colors_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch, no_color: str, colored: bool
) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    logs.configure()
    structlog.get_logger("x").info("step_done")
    assert ("\x1b" in terminal.getvalue()) is colored


def test_without_a_terminal_the_format_is_json(lines: Lines) -> None:
    logs.configure()
    structlog.get_logger("x").info("step_done")
    assert lines()[0]["event"] == "step_done"


def test_configuring_twice_logs_a_line_once(lines: Lines) -> None:
    logs.configure(format="json")
    logs.configure(format="json")
    structlog.get_logger("x").info("step_done")
    assert len(lines()) == 1


def test_lines_below_the_level_are_not_logged(lines: Lines) -> None:
    logs.configure("WARNING", "json")
    structlog.get_logger("x").info("step_done")
    LIBRARY_LOG.info("step_done")
    structlog.get_logger("x").warning("agora_unreachable")
    assert [line["event"] for line in lines()] == ["agora_unreachable"]


@pytest.mark.parametrize(
    "name", ["slack_bolt.App", "slack_sdk.web.client", "apscheduler.scheduler", "urllib3", "waitress"]
)
def test_verbose_libraries_log_only_warnings_and_above(
    name: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("INFO", "json")
    library = logging.getLogger(name)
    monkeypatch.setattr(library, "level", logging.INFO)  # As Bolt does.
    library.info("Job added")
    library.warning("Job missed")
    assert [line["event"] for line in lines()] == ["Job missed"]


def test_at_debug_verbose_libraries_log_everything(lines: Lines) -> None:
    logs.configure("DEBUG", "json")
    logging.getLogger("urllib3.connectionpool").debug("Starting new connection")
    assert [line["event"] for line in lines()] == ["Starting new connection"]


def test_a_line_that_can_not_be_written_shows_none_of_its_arguments(lines: Lines) -> None:
    logs.configure(format="json")
    LIBRARY_LOG.warning("%d tokens", "hush")
    (line,) = lines()
    assert line["event"].startswith("unwritable_log_line ")
    assert "test_logs.py" in line["event"]
    assert "hush" not in json.dumps(line)


def test_a_closed_standard_error_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stderr", Closed())
    logs.configure(format="json")
    structlog.get_logger("x").info("step_done")


# Uncaught exceptions


def test_an_exception_in_a_thread_becomes_a_line(lines: Lines) -> None:
    logs.configure(format="json", secrets=[SECRET])

    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail, name="engine-3")
    thread.start()
    thread.join()
    (line,) = lines()
    assert (line["event"], line["thread"]) == ("uncaught_exception", "engine-3")
    assert line["exception"].endswith("ValueError: ***")


def test_an_exception_that_ends_the_process_becomes_a_line(lines: Lines) -> None:
    logs.configure(format="json", secrets=[SECRET])
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    (line,) = lines()
    assert line["event"] == "uncaught_exception"
    assert line["exception"].endswith("ValueError: ***")


def test_a_warning_becomes_a_line(lines: Lines) -> None:
    logs.configure(format="json", secrets=[SECRET])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"{SECRET} is old", stacklevel=1)
    (line,) = lines()
    assert "*** is old" in line["event"]


# Known secrets


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_known_secret_is_masked_in_events_fields_and_tracebacks(
    format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG", format, [SECRET])
    log = structlog.get_logger("x")
    log.info("step_done", text=SECRET, nested={"of": [SECRET, SECRET.encode()]}, url=f"/x?{urlencode({'y': SECRET})}")
    LIBRARY_LOG.debug("body: %r, raw: %s", {"text": SECRET}, json.dumps({"body": json.dumps({"text": SECRET})}))
    try:
        raise RuntimeError(f"refused: {SECRET}")
    except RuntimeError:
        log.exception("step_failed")
        LIBRARY_LOG.exception("step failed")
    shown = capsys.readouterr().err
    assert shown.count("RuntimeError: refused: ***") == 2
    for remnant in ("s3cr", "et\\", quote(SECRET), SECRET):
        assert remnant not in shown


SPELLINGS = [
    SECRET,
    quote(SECRET),
    quote(SECRET, safe=""),
    quote(SECRET).lower(),
    urlencode({"x": SECRET}),
    json.dumps(SECRET),
    json.dumps(json.dumps(SECRET)),
    json.dumps(SECRET, ensure_ascii=False),
    repr(SECRET),
    repr({"x": SECRET}),
    repr(SECRET.encode()),
    json.dumps(repr(SECRET)),
]


def test_a_known_secret_is_masked_in_each_spelling() -> None:
    for spelling in SPELLINGS:
        masked = redacted(spelling, SECRET)
        assert logs.MASK in masked, spelling
        assert "s3cr" not in masked, spelling


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert redacted("password-1", "password", "password-1") == "***"


def test_a_short_secret_is_masked_only_where_it_stands_alone() -> None:
    assert redacted("bot says robots vote: bot", "bot") == "*** says robots vote: ***"


def test_an_empty_secret_masks_nothing() -> None:
    assert redacted("step_done", "") == "step_done"


def test_a_secret_that_is_not_utf_8_is_masked() -> None:
    assert redacted("a hush\udcff b", "hush\udcff") == "a *** b"


# Secrets that exist only at run time


MASKED = [
    ("xoxb-1-2-hush and xapp-1-A-hush", "xoxb-*** and xapp-***"),
    ("xoxe.xoxp-1-hush", "xoxe.***"),
    ("{'Authorization': 'Basic aHVzaDpodXNo'}", "{'Authorization': 'Basic ***'}"),
    ("Authorization: Bearer hush.hush-hush_hush", "Authorization: Bearer ***"),
    ("'authorization': 'hush'", "'authorization': '***'"),
    (f"token {TOKEN_006}, gone", "token 006***, gone"),
    (f"rtc {TOKEN_006} and {TOKEN_007} gone", "rtc 006*** and 007*** gone"),
    (f"?x={quote(TOKEN_006)}&y=1", "?x=006***&y=1"),
    (f'{{"token": "{TOKEN_007}", "uid": "5"}}', '{"token": "***", "uid": "5"}'),
    (f"POST {RESPONSE_URL} failed", "POST https://hooks.slack.com/*** failed"),
    ("http://127.0.0.1:9/x/actions/T/1/hush", "http://127.0.0.1:9/x/actions/***"),
    ('"POST /commands/T/1/hush HTTP/1.1" 200', '"POST /commands/*** HTTP/1.1" 200'),
    ('"POST /x/actions/T/1/hush HTTP/1.1" 200', '"POST /x/actions/*** HTTP/1.1" 200'),
    ("exceeded with url: /commands/T/hush (Caused by", "exceeded with url: /commands/*** (Caused by"),
    ("wss://x.slack.com/link/?ticket=hush-1&app_id=2", "wss://x.slack.com/link/?ticket=***&app_id=2"),
    ("{'response_url': 'https://x.test/y/hush', 'text': 'hi'}", "{'response_url': '***', 'text': 'hi'}"),
    ("{'response_url': None, 'text': 'hi'}", "{'response_url': None, 'text': 'hi'}"),
    ("{'token': 'hush', 'text': 'hi'}", "{'token': '***', 'text': 'hi'}"),
    ('{"accessKey": "hush", "secretKey": "hush", "x": "b"}', '{"accessKey": "***", "secretKey": "***", "x": "b"}'),
    ("postgresql+psycopg://me:hush@db/x", "postgresql+psycopg://me:***@db/x"),
]


def test_text_with_the_shape_of_a_secret_is_masked_and_the_rest_stays() -> None:
    for text, masked in MASKED:
        assert redacted(text) == masked


def test_a_request_body_that_bolt_logs_shows_no_credential() -> None:
    body = {
        "token": "hush",
        "response_url": "https://hooks.slack.com/actions/T/1/hush",
        "payload": json.dumps({"token": "hush", "response_url": RESPONSE_URL, "user": {"id": "U1"}}).replace(
            "/", "\\/"
        ),
    }
    for text in (repr(body), json.dumps(body), json.dumps(json.dumps(body)), urlencode(body)):
        shown = redacted(text)
        assert "hush" not in shown
        assert "U1" in shown


def test_a_masked_line_of_json_is_still_json(lines: Lines) -> None:
    logs.configure("DEBUG", "json", [SECRET])
    raw = json.dumps({"token": "hush", "response_url": RESPONSE_URL, "text": SECRET})
    logging.getLogger("slack_bolt.App").debug("%s", raw)
    logging.getLogger("slack_bolt.App").debug("%r", {"raw": raw, "Authorization": "Basic aHVzaA=="})
    assert all("hush" not in line["event"] for line in lines())


@pytest.mark.parametrize(
    "text",
    [
        "0123456789abcdef0123456789abcdef",
        "sid 00712345678901234567890123456789 of resource 006a",
        "GET /v1/apps/0123/cloud_recording/resourceid/007/sid/1/mode/mix/query",
        'File "/srv/web/actions/record.py", line 3, in <module>',
        "recording_warning is sent, the token is 24 h old, basic, no bearer",
        "https://api.slack.com/methods",
    ],
)
def test_ids_paths_and_plain_words_stay(text: str) -> None:
    assert redacted(text) == text


def test_the_rest_credential_is_masked_as_it_is_sent() -> None:
    basic = base64.b64encode(b"customer:hush").decode()
    assert redacted(f"sent {basic}", basic) == "sent ***"


LONG_TEXTS: list[tuple[str, str, str]] = [
    ("", "http://a", ""),
    ("", "\\" * 10, '"token'),
    ("", "a_" * 10, ""),
    ("token", " " * 10, ""),
    ("", "/a" * 10, ""),
    ("", "://a:", ""),
]


@pytest.mark.parametrize(("start", "part", "end"), LONG_TEXTS)
def test_redaction_takes_time_in_proportion_to_the_length(start: str, part: str, end: str) -> None:
    """Compares the processor time of a text with that of one eight times as long: a pattern that goes back over the
    whole text would need 64 times as much."""
    short, long = (min(_processor_seconds(start + part * n + end) for _ in range(3)) for n in (150, 1200))

    assert long < 32 * short + 0.01


def _processor_seconds(text: str) -> float:
    started_at = time.thread_time()
    redacted(text)
    return time.thread_time() - started_at


def test_without_patterns_plain_words_stay_and_known_secrets_are_masked() -> None:
    text = "Check AGORA_CUSTOMER_SECRET: key and secret, not hush-hush"
    assert logs.Redaction(["hush-hush"], patterns=())(text) == "Check AGORA_CUSTOMER_SECRET: key and secret, not ***"
