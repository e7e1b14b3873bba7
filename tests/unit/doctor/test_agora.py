"""The checks of Agora: each error is one failure, and names the setting to look at."""

from __future__ import annotations

import pytest

from recordings.errors import (
    AccountInactive,
    AgoraError,
    NoAnswer,
    NotRouted,
    NotSent,
    Overloaded,
    RateLimited,
    Rejected,
    Unauthorized,
)
from tests.unit.doctor.bench import Bench

WRONG_PAIR = Unauthorized("Invalid authentication credentials", http_status=401)
NO_PROJECT = Unauthorized("invalid appid", http_status=400)
NOT_ENABLED = Unauthorized("invalid_appid", http_status=400, code=400)


@pytest.mark.parametrize(
    ("call", "error", "check", "todo"),
    [
        ("users", WRONG_PAIR, "agora credentials", "AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET"),
        ("users", NO_PROJECT, "agora app id", "Check AGORA_APP_ID"),
        ("users", NoAnswer("no answer in 4 s"), "agora credentials", "AGORA_API_URLS"),
        ("users", NotRouted("no Route matched", http_status=404), "agora credentials", "AGORA_API_URLS"),
        ("users", RateLimited("too many", http_status=429), "agora credentials", "AGORA_QPS"),
        ("users", Rejected("invalid parameter", http_status=400, code=2), "agora credentials", "Look these words up"),
        ("acquire", NOT_ENABLED, "cloud recording", "Enable Cloud Recording"),
        ("acquire", WRONG_PAIR, "cloud recording", "Enable Cloud Recording"),
        ("acquire", AccountInactive("no_active_status", http_status=400, code=405), "cloud recording", "unpaid"),
        ("acquire", Overloaded("vendor_over_load", http_status=400, code=406), "cloud recording", "AGORA_APP_ID"),
        ("acquire", Rejected("invalid parameter", http_status=400, code=2), "cloud recording", "Look these words up"),
        ("acquire", NoAnswer("no answer in 4 s"), "cloud recording", "AGORA_API_URLS"),
    ],
)
def test_an_error_of_agora_is_one_failure_with_its_text_and_what_to_do(
    bench: Bench, call: str, error: AgoraError, check: str, todo: str
) -> None:
    bench.agora.answers[call] = [error]

    failures = bench.failures()

    assert list(failures) == [check]
    assert todo in failures[check]
    assert str(error) in failures[check]


def test_wrong_credentials_skip_the_other_checks(bench: Bench) -> None:
    bench.agora.answers["users"] = [WRONG_PAIR]

    assert bench.skipped() == ["agora app id", "cloud recording"]
    assert bench.agora.made("acquire") == []


def test_a_wrong_app_id_proves_the_credentials(bench: Bench) -> None:
    bench.agora.answers["users"] = [NO_PROJECT]

    assert bench.results()["agora credentials"].detail == "are accepted"
    assert bench.skipped() == ["cloud recording"]


@pytest.mark.parametrize("call", ["users", "acquire"])
def test_an_unreachable_base_url_is_no_failure_if_the_next_one_answers(bench: Bench, call: str) -> None:
    bench.agora.answers[call] = [NotSent("no connection"), "RES" if call == "acquire" else bench.agora.people]

    assert bench.failures() == {}


def test_no_reachable_base_url_is_a_failure(bench: Bench) -> None:
    bench.agora.answers["users"] = [NotSent("no connection to api.agora.io: timed out")]

    assert "AGORA_API_URLS" in bench.failures()["agora credentials"]
    assert len(bench.agora.made("users")) == 2


@pytest.mark.parametrize("app_id", ["my-app", "0" * 31, "0" * 33, "g" * 32])
def test_an_app_id_that_is_not_32_hexadecimal_digits_fails_whatever_agora_says(bench: Bench, app_id: str) -> None:
    bench.app_id = app_id

    for answer in (bench.agora.people, NO_PROJECT):
        bench.agora.answers["users"] = [answer]
        result = bench.results()["agora app id"]

        assert "an App ID has 32 hexadecimal digits. Copy it again: Agora Console" in result.detail
        assert result.setting == "AGORA_APP_ID"
    assert bench.skipped() == ["cloud recording", "agora token"]
