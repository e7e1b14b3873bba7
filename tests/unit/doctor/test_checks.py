"""All checks together: one result each, in a fixed order, whatever hangs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import pytest

from doctor import results
from doctor.results import Status
from tests.unit.doctor.bench import Bench, refused

CHECKED_TOGETHER = 5
"""Database, Slack, Agora, bucket, webhook."""
ORDER = [
    "settings",
    "database",
    "clock",
    "slack bot token",
    "slack scopes",
    "slack app token",
    "agora credentials",
    "agora app id",
    "cloud recording",
    "agora token",
    "agora webhook",
    "own recorders",
    "storage",
    "bucket write",
    "bucket list",
    "bucket read",
    "bucket delete",
    "still to prove",
]


def test_where_everything_is_right_every_check_passes(bench: Bench) -> None:
    assert list(bench.results()) == ORDER
    assert bench.failures() == {}
    assert bench.notes() == {}


def test_the_order_stays_the_same_after_failures(bench: Bench) -> None:
    bench.url = "sqlite:////nowhere/recordings.db"
    bench.slack.bot_error = refused("invalid_auth")

    assert list(bench.results()) == ORDER
    assert list(bench.failures()) == ["database", "slack bot token"]


def test_the_checks_start_no_recorder_and_leave_no_object(bench: Bench) -> None:
    bench.results()

    assert [name for name, _ in bench.agora.calls] == ["users", "acquire"]
    assert bench.bucket.objects == {}


def test_the_last_note_names_what_no_check_can_prove(bench: Bench) -> None:
    detail = bench.results()["still to prove"].detail

    assert "reaches the bucket" in detail
    assert "AGORA_APP_CERTIFICATE" in detail
    assert "communication (AGORA_CHANNEL_PROFILE)" in detail


HANGING = [
    ("users", "agora credentials", "AGORA_API_URLS", ["agora app id", "cloud recording"]),
    ("put", "bucket write", "STORAGE_ENDPOINT", ["bucket list", "bucket read", "bucket delete"]),
]


@pytest.mark.parametrize(("call", "first", "setting", "skipped"), HANGING)
def test_a_check_that_hangs_is_a_failure_and_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, call: str, first: str, setting: str, skipped: list[str]
) -> None:
    over = threading.Event()
    if call == "users":
        bench.agora.answers[call] = [over.wait]
    else:
        bench.bucket.put = lambda key, content: over.wait()  # type: ignore[assignment, method-assign]
    monkeypatch.setattr(results, "wait", wait_for_all_but_one_of_the_checks)
    by_check = bench.results(seconds=0.3)
    over.set()

    assert [check for check, result in by_check.items() if not result.ok] == [first]
    assert by_check[first].detail.startswith("no result after 0.3 s. ")
    assert setting in by_check[first].detail
    assert [check for check, result in by_check.items() if result.status is Status.SKIP] == skipped
    assert all(first in by_check[check].detail for check in skipped)


def wait_for_all_but_one_of_the_checks(futures: Sequence[Future[object]], timeout: float) -> None:
    """In place of a timeout, which on a busy machine would also end checks that do not hang."""
    hanging = 1 if len(futures) == CHECKED_TOGETHER else 0
    left = set(futures)
    while len(left) > hanging:
        left = wait(left, return_when=FIRST_COMPLETED).not_done


def test_a_mistake_of_the_program_is_raised(bench: Bench) -> None:
    bench.agora.answers["users"] = [ZeroDivisionError()]

    with pytest.raises(ZeroDivisionError):
        bench.results()


def test_a_name_in_env_that_is_almost_a_setting_is_a_note(bench: Bench) -> None:
    bench.misspelled = ("HTTP_PROT in .env is not a setting. Did you mean HTTP_PORT?",)

    result = bench.results()["settings"]

    assert (result.status, result.detail, result.setting) == (Status.NOTE, bench.misspelled[0], "HTTP_PROT")
