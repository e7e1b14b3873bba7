"""The lines about Agora: exactly one is wrong, and it names what to look at."""

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
from tests.unit.doctor.desk import Desk

WRONG_PAIR = Unauthorized("Invalid authentication credentials", http_status=401)
NO_PROJECT = Unauthorized("invalid appid", http_status=400)
NOT_ENABLED = Unauthorized("invalid_appid", http_status=400, code=400)


@pytest.mark.parametrize(
    ("call", "error", "line", "todo"),
    [
        ("users", WRONG_PAIR, "agora credentials", "AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET"),
        ("users", NO_PROJECT, "agora app id", "Check AGORA_APP_ID"),
        ("users", NoAnswer("no answer in 4 s"), "agora credentials", "AGORA_API_URLS"),
        ("users", NotRouted("no Route matched", http_status=404), "agora credentials", "AGORA_API_URLS"),
        ("users", RateLimited("too many", http_status=429), "agora credentials", "AGORA_QPS"),
        ("users", Rejected("invalid parameter", http_status=400, code=2), "agora credentials", "its own words"),
        ("acquire", NOT_ENABLED, "cloud recording", "Enable Cloud Recording"),
        ("acquire", WRONG_PAIR, "cloud recording", "Enable Cloud Recording"),
        ("acquire", AccountInactive("no_active_status", http_status=400, code=405), "cloud recording", "unpaid"),
        ("acquire", Overloaded("vendor_over_load", http_status=400, code=406), "cloud recording", "AGORA_APP_ID"),
        ("acquire", Rejected("invalid parameter", http_status=400, code=2), "cloud recording", "its own words"),
        ("acquire", NoAnswer("no answer in 4 s"), "cloud recording", "AGORA_API_URLS"),
    ],
)
def test_what_agora_says_is_shown_with_what_to_do(
    desk: Desk, call: str, error: AgoraError, line: str, todo: str
) -> None:
    desk.agora.answers[call] = [error]

    found = desk.wrong()

    assert list(found) == [line]
    assert todo in found[line]
    assert str(error) in found[line]


def test_a_wrong_pair_leaves_the_rest_unknown(desk: Desk) -> None:
    desk.agora.answers["users"] = [WRONG_PAIR]

    assert list(desk.notes()) == ["agora app id", "cloud recording"]
    assert desk.agora.made("acquire") == []


def test_a_wrong_app_id_says_that_the_credentials_are_right(desk: Desk) -> None:
    desk.agora.answers["users"] = [NO_PROJECT]

    assert desk.lines()["agora credentials"].detail == "are accepted"
    assert list(desk.notes()) == ["cloud recording"]


@pytest.mark.parametrize("call", ["users", "acquire"])
def test_a_base_that_can_not_be_reached_is_no_fault_where_the_other_one_answers(desk: Desk, call: str) -> None:
    desk.agora.answers[call] = [NotSent("no connection"), "RES" if call == "acquire" else desk.agora.people]

    assert desk.wrong() == {}


def test_where_no_base_can_be_reached_it_is_told(desk: Desk) -> None:
    desk.agora.answers["users"] = [NotSent("no connection to api.agora.io: timed out")]

    assert "AGORA_API_URLS" in desk.wrong()["agora credentials"]
    assert len(desk.agora.made("users")) == 2
