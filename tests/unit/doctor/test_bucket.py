"""The lines about the bucket."""

from __future__ import annotations

import re

import pytest

from agora.payloads import StorageTarget
from doctor.bucket import describe_storage
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from tests.fakes.bucket import FakeBucket
from tests.unit.doctor.desk import Desk

DENIED = BucketDenied("AccessDenied", "Access Denied")


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (BucketWrong("NoSuchBucket"), "Check STORAGE_BUCKET"),
        (BucketWrong("InvalidAccessKeyId"), "Check STORAGE_ACCESS_KEY and STORAGE_SECRET_KEY"),
        (BucketWrong("SignatureDoesNotMatch"), "Check STORAGE_ACCESS_KEY and STORAGE_SECRET_KEY"),
        (DENIED, "Agora can't write either"),
        (BucketWrong("PermanentRedirect"), "Check STORAGE_REGION"),
        (BucketWrong("AuthorizationHeaderMalformed"), "Check STORAGE_REGION"),
        (BucketWrong("RequestTimeTooSkewed"), "clock (NTP)"),
        (BucketWrong("NotAStorage"), "Check STORAGE_ENDPOINT"),
        (BucketUnreachable("NoConnection"), "STORAGE_ENDPOINT"),
        (BucketUnreachable("NoSuchHost"), "STORAGE_ENDPOINT"),
        (BucketUnreachable("SlowDown"), "STORAGE_ENDPOINT"),
        (BucketDenied("UnusableSettings", "the access key is not base64"), "Check the STORAGE_ settings"),
        (BucketError("HTTP 418"), "storage's documentation"),
    ],
)
def test_a_storage_that_refuses_the_object_is_one_fault_with_its_word_and_the_setting(
    desk: Desk, error: BucketError, todo: str
) -> None:
    desk.bucket.error = error

    found = desk.wrong()

    assert list(found) == ["bucket write"]
    assert found["bucket write"].startswith(error.code)
    assert todo in found["bucket write"]
    assert list(desk.notes()) == ["bucket list", "bucket read", "bucket delete"]


@pytest.mark.parametrize(("call", "line"), [("list", "bucket list"), ("text", "bucket read")])
def test_a_key_that_may_not_look_blinds_the_bot_alone_and_is_no_fault(desk: Desk, call: str, line: str) -> None:
    desk.bucket.errors[call] = DENIED

    assert desk.wrong() == {}
    found = desk.notes()
    assert list(found) == [line]
    assert "Only the bot is blind" in found[line]
    assert f"let STORAGE_ACCESS_KEY {line.split()[1]} there" in found[line]
    assert "STORAGE_READ_ACCESS_KEY" in found[line]


def test_a_key_that_may_not_remove_leaves_an_object_whose_name_is_told(desk: Desk) -> None:
    desk.bucket.errors["delete"] = DENIED

    found = desk.notes()

    assert desk.wrong() == {}
    assert list(found) == ["bucket delete"]
    assert next(iter(desk.bucket.objects)) in found["bucket delete"]


def test_what_hangs_once_is_not_asked_for_again(desk: Desk) -> None:
    desk.bucket.errors["list"] = BucketUnreachable("NoAnswer")

    assert list(desk.wrong()) == ["bucket list"]
    assert desk.notes()["bucket read"] == "not looked at: see bucket list"
    assert desk.bucket.objects == {}


def test_an_object_whose_storing_was_not_answered_is_removed_all_the_same(desk: Desk) -> None:
    removed: list[str] = []
    desk.bucket.errors["put"] = BucketUnreachable("NoAnswer")
    desk.bucket.delete = removed.append  # type: ignore[assignment, method-assign]
    desk.lines()

    assert len(removed) == 1


def test_the_probe_lies_in_a_folder_of_its_own_of_letters_and_digits(desk: Desk) -> None:
    desk.lines()

    (listed,) = desk.bucket.listed
    assert re.fullmatch(r"recordingbotcheck/[a-z0-9]{16}", listed)


def test_the_bots_own_key_looks_and_agoras_writes_and_removes(desk: Desk) -> None:
    desk.reader = FakeBucket()
    desk.reader.objects = desk.bucket.objects
    desk.bucket.errors = {"list": DENIED, "text": DENIED}
    desk.reader.errors = {"put": DENIED, "delete": DENIED}

    assert desk.wrong() == {}
    assert desk.notes() == {}


def test_a_wrong_read_key_is_named_and_not_agoras(desk: Desk) -> None:
    desk.reader = FakeBucket(BucketWrong("InvalidAccessKeyId"))

    found = desk.wrong()

    assert list(found) == ["bucket list"]
    assert "Check STORAGE_READ_ACCESS_KEY and STORAGE_READ_SECRET_KEY" in found["bucket list"]


def test_another_bucket_is_noticed(desk: Desk) -> None:
    desk.reader = FakeBucket()

    assert "not listed" in desk.wrong()["bucket list"]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (StorageTarget(1, 1, "calls", "k", "s"), "bucket calls, vendor 1 (aws), region 1 (us-east-2)"),
        (StorageTarget(6, 0, "calls", "k", "s"), "bucket calls, vendor 6 (google), region 0"),
        (StorageTarget(11, 0, "calls", "k", "s", "http://s3.example.com:9000"), "endpoint s3.example.com:9000"),
    ],
)
def test_the_numbers_that_agora_is_sent_are_shown(target: StorageTarget, told: str) -> None:
    line = describe_storage(target)

    assert line.ok
    assert not line.note
    assert line.detail.endswith(told)


def test_an_endpoint_that_agora_is_not_sent_is_worth_a_note() -> None:
    line = describe_storage(StorageTarget(1, 1, "calls", "k", "s", "s3.example.com"))

    assert line.note
    assert "not STORAGE_ENDPOINT" in line.detail
