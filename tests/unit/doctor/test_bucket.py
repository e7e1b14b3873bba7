"""The checks of the bucket."""

from __future__ import annotations

import re

import pytest

from agora.payloads import StorageTarget
from doctor.bucket import describe_storage
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from tests.fakes.bucket import FakeBucket
from tests.unit.doctor.bench import Bench

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
def test_a_refused_object_is_one_failure_with_the_storages_code_and_the_setting(
    bench: Bench, error: BucketError, todo: str
) -> None:
    bench.bucket.error = error

    failures = bench.failures()

    assert list(failures) == ["bucket write"]
    assert failures["bucket write"].startswith(error.code)
    assert todo in failures["bucket write"]
    assert bench.skipped() == ["bucket list", "bucket read", "bucket delete"]


@pytest.mark.parametrize(("call", "check"), [("list", "bucket list"), ("text", "bucket read")])
def test_a_key_that_may_not_read_is_a_note_since_only_the_bot_is_blind(bench: Bench, call: str, check: str) -> None:
    bench.bucket.errors[call] = DENIED

    assert bench.failures() == {}
    notes = bench.notes()
    assert list(notes) == [check]
    assert "Agora can store files, but the bot can't see them" in notes[check]
    assert f"let STORAGE_ACCESS_KEY {check.split()[1]} objects" in notes[check]
    assert "STORAGE_READ_ACCESS_KEY" in notes[check]


def test_a_key_that_may_not_delete_is_a_note_that_names_the_object_left(bench: Bench) -> None:
    bench.bucket.errors["delete"] = DENIED

    notes = bench.notes()

    assert bench.failures() == {}
    assert list(notes) == ["bucket delete"]
    assert next(iter(bench.bucket.objects)) in notes["bucket delete"]


def test_after_a_list_without_an_answer_the_object_is_not_read(bench: Bench) -> None:
    bench.bucket.errors["list"] = BucketUnreachable("NoAnswer")

    assert list(bench.failures()) == ["bucket list"]
    assert bench.skipped() == ["bucket read"]
    assert bench.bucket.objects == {}


def test_an_object_is_removed_although_storing_it_was_not_answered(bench: Bench) -> None:
    removed: list[str] = []
    bench.bucket.errors["put"] = BucketUnreachable("NoAnswer")
    bench.bucket.delete = removed.append  # type: ignore[assignment, method-assign]
    bench.results()

    assert len(removed) == 1


def test_the_probe_object_has_a_folder_of_letters_and_digits(bench: Bench) -> None:
    bench.results()

    (listed,) = bench.bucket.listed
    assert re.fullmatch(r"recordingbotcheck/[a-z0-9]{16}", listed)


def test_the_bots_own_key_reads_and_agoras_key_writes_and_deletes(bench: Bench) -> None:
    bench.reader = FakeBucket()
    bench.reader.objects = bench.bucket.objects
    bench.bucket.errors = {"list": DENIED, "text": DENIED}
    bench.reader.errors = {"put": DENIED, "delete": DENIED}

    assert bench.failures() == {}
    assert bench.notes() == {}


def test_a_wrong_read_key_is_named_instead_of_agoras(bench: Bench) -> None:
    bench.reader = FakeBucket(BucketWrong("InvalidAccessKeyId"))

    failures = bench.failures()

    assert list(failures) == ["bucket list"]
    assert "Check STORAGE_READ_ACCESS_KEY and STORAGE_READ_SECRET_KEY" in failures["bucket list"]


def test_a_read_key_of_another_bucket_is_noticed(bench: Bench) -> None:
    bench.reader = FakeBucket()

    assert "not listed" in bench.failures()["bucket list"]


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        (StorageTarget(1, 1, "calls", "k", "s"), "bucket calls, vendor 1 (aws), region 1 (us-east-2)"),
        (StorageTarget(6, 0, "calls", "k", "s"), "bucket calls, vendor 6 (google), region 0"),
        (StorageTarget(11, 0, "calls", "k", "s", "http://s3.example.com:9000"), "endpoint s3.example.com:9000"),
    ],
)
def test_vendor_and_region_are_shown_as_agora_is_sent_them(target: StorageTarget, sent: str) -> None:
    result = describe_storage(target)

    assert result.ok
    assert not result.note
    assert result.detail.endswith(sent)


def test_an_endpoint_that_agora_is_not_sent_is_a_note() -> None:
    result = describe_storage(StorageTarget(1, 1, "calls", "k", "s", "s3.example.com"))

    assert result.note
    assert "not STORAGE_ENDPOINT" in result.detail
