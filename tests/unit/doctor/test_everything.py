"""One line for each thing that must be right, in a fixed order, and an end to it whatever hangs."""

from __future__ import annotations

import threading
import time

import pytest

from doctor.results import CheckResult, report, report_settings
from tests.unit.doctor.desk import Desk, refused

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


def test_where_everything_is_right_every_line_says_so(desk: Desk) -> None:
    found = desk.lines()

    assert list(found) == ORDER
    assert desk.wrong() == {}
    assert desk.notes() == {}


def test_the_order_stays_where_something_is_wrong(desk: Desk) -> None:
    desk.url = "sqlite:////nowhere/recordings.db"
    desk.slack.bot_error = refused("invalid_auth")

    assert list(desk.lines()) == ORDER
    assert list(desk.wrong()) == ["database", "slack bot token"]


def test_it_looks_without_starting_anything(desk: Desk) -> None:
    desk.lines()

    assert [name for name, _ in desk.agora.calls] == ["users", "acquire"]
    assert desk.bucket.objects == {}


def test_what_no_look_can_prove_is_owned_up_to(desk: Desk) -> None:
    found = desk.lines()["still to prove"].detail

    assert "reaches the bucket" in found
    assert "AGORA_APP_CERTIFICATE" in found
    assert "communication (AGORA_CHANNEL_PROFILE)" in found


@pytest.mark.parametrize(
    ("call", "first", "setting", "behind"),
    [
        ("users", "agora credentials", "AGORA_API_URLS", ["agora app id", "cloud recording"]),
        ("put", "bucket write", "STORAGE_ENDPOINT", ["bucket list", "bucket read", "bucket delete"]),
    ],
)
def test_what_hangs_is_told_and_keeps_nothing_else(
    desk: Desk, call: str, first: str, setting: str, behind: list[str]
) -> None:
    over = threading.Event()
    if call == "users":
        desk.agora.answers[call] = [over.wait]
    else:
        desk.bucket.put = lambda key, content: over.wait()  # type: ignore[assignment, method-assign]
    begun = time.monotonic()
    found = desk.lines(seconds=0.3)
    over.set()

    assert time.monotonic() - begun < 5
    assert [what for what, line in found.items() if not line.ok] == [first]
    assert found[first].detail.startswith("no end after 0.3 s. ")
    assert setting in found[first].detail
    assert [what for what, line in found.items() if line.detail == f"not looked at: see {first}"] == behind


def test_a_mistake_of_the_program_is_not_hidden(desk: Desk) -> None:
    desk.agora.answers["users"] = [ZeroDivisionError()]

    with pytest.raises(ZeroDivisionError):
        desk.lines()


def test_the_report_is_a_line_each_and_its_result_tells_whether_all_is_right(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(desk.lines().values()) == 0
    desk.slack.bot_error = refused("invalid_auth")
    assert report(desk.lines().values()) == 1

    printed = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("FAIL  ") for line in printed) == 1
    assert all(line.startswith(("ok    ", "FAIL  ")) for line in printed)
    assert {line[6:23].strip() for line in printed} == set(ORDER)


def test_a_line_stays_one_line_whatever_others_said() -> None:
    assert str(CheckResult("database", False, "no\n\tconnection")) == "FAIL  database          no connection"


def test_a_note_says_that_it_is_one() -> None:
    assert (
        str(CheckResult("bucket list", True, "AccessDenied", note=True)) == "ok    bucket list       note: AccessDenied"
    )


def test_wrong_settings_are_reported_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_settings(["STORAGE_BUCKET is missing", "AGORA_APP_ID is missing"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
