"""Failover: which endpoint the next request goes to."""

from __future__ import annotations

import pytest

from agora.endpoints import EndpointPool
from tests.unit.agora.fakes import FakeTime

A, B, C = "https://a.example", "https://b.example", "https://c.example"


def a_pool(*urls: str) -> tuple[EndpointPool, FakeTime]:
    time = FakeTime()
    return EndpointPool(urls, return_after=60, monotonic=time), time


def test_the_first_endpoint_is_preferred() -> None:
    pool, _ = a_pool(A, B)
    pool.record_answer(A)

    assert [pool.pick(), pool.pick()] == [A, A]


def test_an_unreachable_endpoint_is_avoided_at_once() -> None:
    pool, _ = a_pool(A, B, C)
    pool.record_unreachable(A)

    assert pool.pick() == B


def test_an_endpoint_is_avoided_after_two_consecutive_faults() -> None:
    pool, _ = a_pool(A, B)
    pool.record_fault(A)
    picked_after_one = pool.pick()
    pool.record_fault(A)

    assert (picked_after_one, pool.pick()) == (A, B)


def test_an_answer_resets_the_count_of_faults() -> None:
    pool, _ = a_pool(A, B)
    pool.record_fault(A)
    pool.record_answer(A)
    pool.record_fault(A)

    assert pool.pick() == A


def test_one_request_tries_the_preferred_endpoint_again_after_a_while() -> None:
    pool, time = a_pool(A, B)
    pool.record_unreachable(A)
    time.now += 59
    before = pool.pick()
    time.now += 1

    assert (before, pool.pick(), pool.pick()) == (B, A, B)


def test_an_endpoint_that_answers_again_is_preferred_again() -> None:
    pool, time = a_pool(A, B)
    pool.record_unreachable(A)
    time.now += 60
    pool.pick()
    pool.record_answer(A)

    assert pool.pick() == A


def test_an_endpoint_that_fails_its_trial_is_avoided_for_the_same_time_again() -> None:
    pool, time = a_pool(A, B)
    pool.record_fault(A)
    pool.record_fault(A)
    time.now += 60
    pool.pick()
    pool.record_fault(A)
    time.now += 59

    assert pool.pick() == B


def test_if_every_endpoint_is_avoided_they_take_turns() -> None:
    pool, time = a_pool(A, B)
    picked = []
    for _ in range(4):
        time.now += 1
        picked.append(pool.pick())
        pool.record_unreachable(picked[-1])

    assert picked == [A, B, A, B]


def test_a_single_endpoint_is_always_picked() -> None:
    pool, _ = a_pool(A)
    pool.record_unreachable(A)

    assert pool.pick() == A


def test_the_log_has_each_change_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    pool, _ = a_pool(A, B)
    for _ in range(3):
        pool.record_unreachable(A)
    pool.record_answer(A)
    pool.record_answer(A)

    assert [record.message for record in caplog.records] == [
        "agora_endpoint_left host=a.example",
        "agora_endpoint_back host=a.example",
    ]


def test_a_slash_at_the_end_is_removed() -> None:
    assert a_pool("https://a.example/api/")[0].pick() == "https://a.example/api"


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
def test_an_invalid_url_is_rejected_and_not_shown_in_the_error(url: str) -> None:
    with pytest.raises(ValueError, match="base") as refused:
        EndpointPool([url])

    assert "hush" not in str(refused.value)


def test_an_empty_list_is_rejected() -> None:
    with pytest.raises(ValueError, match="base"):
        EndpointPool([])
