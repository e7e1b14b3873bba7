"""Which base the next request goes to."""

from __future__ import annotations

import pytest

from agora.endpoints import EndpointPool
from tests.unit.agora.fakes import FakeTime

A, B, C = "https://a.example", "https://b.example", "https://c.example"


def bases(*urls: str) -> tuple[EndpointPool, FakeTime]:
    time = FakeTime()
    return EndpointPool(urls, return_after=60, monotonic=time), time


def test_the_first_base_is_preferred() -> None:
    between, _ = bases(A, B)
    between.answered(A)

    assert [between.pick(), between.pick()] == [A, A]


def test_a_base_that_cant_be_reached_is_left_at_once() -> None:
    between, _ = bases(A, B, C)
    between.unreachable(A)

    assert between.pick() == B


def test_a_base_is_left_after_two_faults_in_a_row() -> None:
    between, _ = bases(A, B)
    between.faulted(A)
    picked_after_one = between.pick()
    between.faulted(A)

    assert (picked_after_one, between.pick()) == (A, B)


def test_faults_with_an_answer_between_them_are_not_in_a_row() -> None:
    between, _ = bases(A, B)
    between.faulted(A)
    between.answered(A)
    between.faulted(A)

    assert between.pick() == A


def test_the_preferred_base_is_tried_again_after_a_while_by_one_request() -> None:
    between, time = bases(A, B)
    between.unreachable(A)
    time.now += 59
    before = between.pick()
    time.now += 1

    assert (before, between.pick(), between.pick()) == (B, A, B)


def test_a_base_that_answers_again_is_preferred_again() -> None:
    between, time = bases(A, B)
    between.unreachable(A)
    time.now += 60
    between.pick()
    between.answered(A)

    assert between.pick() == A


def test_a_base_that_fails_its_trial_is_left_for_as_long_again() -> None:
    between, time = bases(A, B)
    between.faulted(A)
    between.faulted(A)
    time.now += 60
    between.pick()
    between.faulted(A)
    time.now += 59

    assert between.pick() == B


def test_where_every_base_is_left_they_take_turns() -> None:
    between, time = bases(A, B)
    picked = []
    for _ in range(4):
        time.now += 1
        picked.append(between.pick())
        between.unreachable(picked[-1])

    assert picked == [A, B, A, B]


def test_an_only_base_is_never_without_a_request() -> None:
    between, _ = bases(A)
    between.unreachable(A)

    assert between.pick() == A


def test_leaving_and_coming_back_is_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    between, _ = bases(A, B)
    for _ in range(3):
        between.unreachable(A)
    between.answered(A)
    between.answered(A)

    assert [record.message for record in caplog.records] == [
        "agora_base_left host=a.example",
        "agora_base_back host=a.example",
    ]


def test_a_slash_at_the_end_does_not_matter() -> None:
    assert bases("https://a.example/api/")[0].pick() == "https://a.example/api"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://id:hush@a.example",
        "https://a.example?x=hush",
        "https://a:hush",
    ],
)
def test_what_is_no_base_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="base") as refused:
        EndpointPool([url])

    assert "hush" not in str(refused.value)


def test_no_base_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="base"):
        EndpointPool([])
