"""Mapping of failed responses to exceptions."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.errors import REASON_LENGTH, error_for
from recordings.errors import (
    AccountInactive,
    AgoraError,
    AlreadyStarted,
    Leaving,
    NotFound,
    NothingRecorded,
    NotRouted,
    NoWorker,
    Overloaded,
    RateLimited,
    Rejected,
    ServerFault,
    TaskConflict,
    Unauthorized,
    Unfinished,
)
from tests.fakes.cases import case

OPERATIONS = ("acquire", "start", "query", "stop", "users", "throw_out")

FOR_EVERY_OPERATION: list[tuple[int, dict[str, object], type[AgoraError]]] = [
    (400, {"code": 400, "reason": "invalid_appid"}, Unauthorized),
    (400, {"message": "appid is invalid"}, Unauthorized),
    (400, {"message": "invalid appid"}, Unauthorized),
    (401, {"message": "Invalid authentication credentials"}, Unauthorized),
    (401, {}, Unauthorized),
    (400, {"code": 2, "reason": "Acquire: invalid resourceExpiredHour value!"}, Rejected),
    (400, {}, Rejected),
    (403, {"message": "forbidden"}, Rejected),
    (415, {}, Rejected),
    (404, {"message": "no Route matched with those values"}, NotRouted),
    (404, {"code": 404, "reason": "failed to find worker"}, NotFound),
    (404, {"code": "404"}, NotFound),
    (404, {"code": 40}, NotRouted),
    (408, {}, Unfinished),
    (429, {"message": "API rate limit exceeded"}, RateLimited),
    (500, {"code": 500, "reason": "internal_error"}, ServerFault),
    (502, {}, ServerFault),
    (503, {}, ServerFault),
    (504, {"code": 62, "reason": "request timeout"}, Unfinished),
    (504, {}, ServerFault),
    (206, {"code": 65, "reason": "request not completed"}, Unfinished),
    (206, {}, Unfinished),
    (201, {}, Unfinished),
    (202, {}, NotRouted),
    (204, {}, NotRouted),
    (301, {}, NotRouted),
    (307, {}, NotRouted),
]
FOR_ONE_OPERATION: list[tuple[str, int, int, type[AgoraError]]] = [
    ("acquire", 400, 401, Rejected),
    ("acquire", 400, 405, AccountInactive),
    ("acquire", 400, 406, Overloaded),
    ("acquire", 500, 500, ServerFault),
    ("acquire", 500, 501, ServerFault),
    ("acquire", 500, 504, ServerFault),
    ("start", 201, 7, AlreadyStarted),
    ("start", 206, 65, Unfinished),
    ("start", 400, 53, TaskConflict),
    ("start", 500, 502, NoWorker),
    ("start", 500, 62, Unfinished),
    ("start", 400, 49, Rejected),
    ("query", 206, 65, Unfinished),
    ("query", 206, 435, Unfinished),
    ("query", 400, 49, Rejected),
    ("query", 500, 502, ServerFault),
    ("stop", 206, 435, NothingRecorded),
    ("stop", 400, 49, Leaving),
    ("stop", 400, 53, Rejected),
]
RETRY_AFTER = [
    ("7", 7.0),
    ("0.5", 0.5),
    ("-3", 0.0),
    ("Wed, 17 Jun 2026 11:42:30 GMT", 30.0),
    ("Wed, 17 Jun 2026 11:42:30 -0000", 30.0),
    ("Wed, 17 Jun 2026 11:00:00 GMT", 0.0),
    ("soon", None),
    ("nan", None),
    ("inf", None),
    ("", None),
]


def error_of(operation: str, status: int, /, **fields: object) -> AgoraError:
    return error_for(operation, status, json.dumps(fields).encode(), {})


def test_most_responses_mean_the_same_for_every_operation() -> None:
    for operation in OPERATIONS:
        for status, fields, kind in FOR_EVERY_OPERATION:
            with case(operation, status, fields):
                assert type(error_of(operation, status, **fields)) is kind


def test_some_codes_mean_what_agora_documents_for_one_operation() -> None:
    for operation, status, code, kind in FOR_ONE_OPERATION:
        error = error_of(operation, status, code=code, reason="because")
        with case(operation, status, code):
            assert type(error) is kind
            assert (error.http_status, error.code, error.reason) == (status, code, "because")


def test_a_code_may_be_a_string() -> None:
    assert type(error_of("stop", 206, code="435")) is NothingRecorded


def test_already_started_has_the_sid_if_agora_sends_it() -> None:
    named, unnamed = error_of("start", 201, code=7, sid="38f8e3cf"), error_of("start", 201, code=7)

    assert isinstance(named, AlreadyStarted)
    assert isinstance(unnamed, AlreadyStarted)
    assert (named.sid, unnamed.sid) == ("38f8e3cf", None)


@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b"[404]", b"404", b'{"code": 404', b"\xff\xfe"])
def test_a_404_without_agoras_body_is_not_routed(body: bytes) -> None:
    assert type(error_for("query", 404, body, {})) is NotRouted


def test_a_proxys_page_is_not_quoted() -> None:
    error = error_for("start", 502, b"<html>you sent: Authorization: Basic c2VjcmV0</html>", {})

    assert str(error) == "HTTP 502: an answer that is not Agora's"


def test_the_reason_is_short_and_printable() -> None:
    error = error_of("start", 400, code=2, reason="bad\x00 \x1b[31mvalue\n\u202e" + "x" * 1000)

    assert error.reason.startswith("bad [31mvaluex")
    assert len(error.reason) == REASON_LENGTH
    assert error.reason.isprintable()


def test_a_secret_in_the_response_is_redacted() -> None:
    body = json.dumps({"code": 2, "reason": "x" * 290 + " bad secretKey the/secret+key"}).encode()

    error = error_for("start", 400, body, {}, redact=("", "the/secret+key"))

    assert "the/" not in str(error)


def test_retry_after_may_be_seconds_or_a_date() -> None:
    now = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)
    for status in (429, 503):
        for header, seconds in RETRY_AFTER:
            error = error_for("query", status, b"{}", {"retry-after": header}, now=now)
            with case(status, header):
                assert error.retry_after == seconds


def test_retry_after_is_none_without_the_header() -> None:
    assert error_of("query", 429).retry_after is None


@given(
    st.sampled_from(OPERATIONS),
    st.integers(100, 599).filter(lambda status: status != 200),
    st.one_of(
        st.binary(),
        st.builds(
            lambda reason, code: json.dumps({"reason": reason, "code": code}).encode(),
            st.text(),
            st.one_of(st.integers(), st.text(), st.none(), st.booleans()),
        ),
    ),
    st.dictionaries(st.sampled_from(["Retry-After", "X"]), st.text()),
)
def test_every_failed_response_maps_to_an_error(
    operation: str, status: int, body: bytes, headers: dict[str, str]
) -> None:
    error = error_for(operation, status, body, headers)

    assert error.http_status == status
    assert str(error).isprintable()
    assert error.retry_after is None or error.retry_after >= 0
