"""The simulated bucket: files, keys, faults, and what it remembers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from simulator.bucket import BucketOptions, BucketServer, BucketSimulator

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def served() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


@pytest.fixture
def bucket(served: BucketSimulator) -> BucketSimulator:
    served.reset()
    return served


def client(bucket: BucketSimulator, **changes: str) -> Any:
    """An S3 client as anybody has it."""
    keys = {
        "aws_access_key_id": bucket.settings["STORAGE_ACCESS_KEY"],
        "aws_secret_access_key": bucket.settings["STORAGE_SECRET_KEY"],
    }
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2, signature_version="s3v4")
    return boto3.client("s3", endpoint_url=bucket.url, region_name="us-east-1", config=config, **{**keys, **changes})


def refused(bucket: BucketSimulator, operation: str, s3: Any = None, **arguments: object) -> tuple[int, str]:
    """Status and code of the error that this call gets."""
    with pytest.raises(ClientError) as caught:
        getattr(s3 or client(bucket), operation)(Bucket=bucket.bucket, **arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_the_bucket_is_there_at_start_and_keeps_what_a_client_puts_into_it(bucket: BucketSimulator) -> None:
    s3 = client(bucket)
    s3.put_object(Bucket=bucket.bucket, Key="a/é +&.txt", Body=b"hello")
    assert bucket.keys() == ["a/é +&.txt"]
    assert bucket.get("a/é +&.txt") == b"hello"
    s3.delete_object(Bucket=bucket.bucket, Key="a/é +&.txt")
    assert bucket.keys() == []


def test_a_client_sees_what_a_test_puts_and_deletes(bucket: BucketSimulator) -> None:
    for key in ("a/1", "a/2", "b/3"):
        bucket.put(key, key.encode())
    bucket.delete("a/2")
    s3 = client(bucket)
    listed = s3.list_objects_v2(Bucket=bucket.bucket, Prefix="a/")
    assert [each["Key"] for each in listed["Contents"]] == ["a/1"]
    assert s3.get_object(Bucket=bucket.bucket, Key="b/3", Range="bytes=1-")["Body"].read() == b"/3"
    assert s3.head_object(Bucket=bucket.bucket, Key="b/3")["ContentLength"] == 3
    assert bucket.keys("a") == ["a/1"]


def test_long_lists_come_in_pages(bucket: BucketSimulator) -> None:
    for number in range(5):
        bucket.put(f"n/{number}", b"")
    pages = (
        client(bucket).get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket, PaginationConfig={"PageSize": 2})
    )
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]


def test_what_is_not_there_is_a_lookup_error_here_and_no_such_key_there(bucket: BucketSimulator) -> None:
    with pytest.raises(LookupError):
        bucket.get("nothing")
    with pytest.raises(LookupError):
        bucket.delete("nothing")
    assert refused(bucket, "get_object", Key="nothing") == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", 403),
        ("SignatureDoesNotMatch", 403),
        ("NoSuchBucket", 404),
        ("SlowDown", 503),
        ("InternalError", 500),
    ],
)
def test_every_request_can_be_refused_with_an_error_of_s3(bucket: BucketSimulator, code: str, status: int) -> None:
    bucket.refuse(code)
    assert refused(bucket, "list_objects_v2") == (status, code)
    assert refused(bucket, "get_object", Key="a") == (status, code)
    bucket.clear()
    client(bucket).list_objects_v2(Bucket=bucket.bucket)


def test_the_error_is_the_xml_that_s3_sends(bucket: BucketSimulator) -> None:
    bucket.refuse("SlowDown")
    reply = requests.get(f"{bucket.url}/{bucket.bucket}/a&b", timeout=5)
    assert reply.headers["Content-Type"] == "application/xml"
    assert "<Code>SlowDown</Code><Message>Please reduce your request rate.</Message>" in reply.text
    assert f"<Resource>/{bucket.bucket}/a&amp;b</Resource>" in reply.text


def test_a_refusal_can_be_for_some_requests_and_one_method_only(bucket: BucketSimulator) -> None:
    bucket.refuse("SlowDown", times=1, method="PUT")
    client(bucket).list_objects_v2(Bucket=bucket.bucket)
    assert refused(bucket, "put_object", Key="a", Body=b"") == (503, "SlowDown")
    client(bucket).put_object(Bucket=bucket.bucket, Key="a", Body=b"")


@pytest.mark.parametrize("action", ["list", "get", "put", "delete"])
def test_one_action_can_be_denied_and_the_others_go_on(bucket: BucketSimulator, action: str) -> None:
    bucket.put("a", b"1")
    calls: dict[str, tuple[str, dict[str, object]]] = {
        "list": ("list_objects_v2", {}),
        "get": ("get_object", {"Key": "a"}),
        "put": ("put_object", {"Key": "b", "Body": b""}),
        "delete": ("delete_object", {"Key": "b"}),
    }
    bucket.deny(action)
    for name, (operation, arguments) in calls.items():
        if name == action:
            assert refused(bucket, operation, **arguments) == (403, "AccessDenied")
        else:
            getattr(client(bucket), operation)(Bucket=bucket.bucket, **arguments)


def test_an_action_can_be_denied_to_one_key(bucket: BucketSimulator) -> None:
    bucket.accept("writer", "its-secret")
    bucket.deny("get", access_key="writer")
    bucket.put("a", b"1")
    writer = client(bucket, aws_access_key_id="writer", aws_secret_access_key="its-secret")
    assert refused(bucket, "get_object", writer, Key="a") == (403, "AccessDenied")
    client(bucket).get_object(Bucket=bucket.bucket, Key="a")


def test_who_may_not_list_is_not_told_what_is_missing(bucket: BucketSimulator) -> None:
    bucket.deny("list")
    assert refused(bucket, "get_object", Key="nothing") == (403, "AccessDenied")


def test_another_bucket_does_not_exist_though_another_simulator_has_it(bucket: BucketSimulator) -> None:
    with BucketServer() as server:
        other = server.simulator
        other.put("a", b"theirs")
        with pytest.raises(ClientError, match="NoSuchBucket"):
            client(bucket).get_object(Bucket=other.bucket, Key="a")
        assert bucket.keys() == []
        with pytest.raises(ValueError, match="already"):
            BucketSimulator(BucketOptions(other.bucket)).open()


def test_a_name_can_be_used_again_and_nothing_is_left_in_it() -> None:
    for _ in range(2):
        with BucketServer(BucketSimulator(BucketOptions("again"))) as server:
            bucket = server.simulator
            assert bucket.keys() == []
            bucket.put("a", b"1")


def test_a_bucket_that_is_down_refuses_connections_until_it_is_up(bucket: BucketSimulator) -> None:
    bucket.down()
    with pytest.raises(EndpointConnectionError):
        client(bucket).list_objects_v2(Bucket=bucket.bucket)
    bucket.up()
    client(bucket).list_objects_v2(Bucket=bucket.bucket)


def test_a_bucket_that_hangs_answers_nobody_until_the_fault_is_cleared(bucket: BucketSimulator) -> None:
    bucket.hang()
    failed = threading.Event()

    def run() -> None:
        try:
            requests.get(f"{bucket.url}/{bucket.bucket}", timeout=10)
        except requests.ConnectionError:
            failed.set()

    thread = threading.Thread(target=run)
    thread.start()
    bucket.wait_for(lambda each: each.requests())
    assert bucket.requests()[0].status is None
    bucket.clear()
    thread.join(5)
    assert failed.is_set()
    client(bucket).list_objects_v2(Bucket=bucket.bucket)


def test_every_request_is_remembered(bucket: BucketSimulator) -> None:
    s3 = client(bucket)
    s3.put_object(Bucket=bucket.bucket, Key="a b", Body=b"1")
    s3.list_objects_v2(Bucket=bucket.bucket)
    s3.head_object(Bucket=bucket.bucket, Key="a b")
    refused(bucket, "get_object", Key="nothing")
    requests.get(f"{bucket.url}/{bucket.bucket}/a%20b", timeout=5)
    seen = [(each.method, each.operation, each.key, each.status, each.code) for each in bucket.requests()]
    assert seen == [
        ("PUT", "put", "a b", 200, None),
        ("GET", "list", "", 200, None),
        ("HEAD", "head", "a b", 200, None),
        ("GET", "get", "nothing", 404, "NoSuchKey"),
        ("GET", "get", "a b", 403, "AccessDenied"),
    ]
    assert [each.status for each in bucket.requests("get", key="a b")] == [403]
    assert bucket.requests()[0].access_key == bucket.settings["STORAGE_ACCESS_KEY"]


def test_waiting_for_what_never_happens_ends(bucket: BucketSimulator) -> None:
    with pytest.raises(TimeoutError):
        bucket.wait_for(lambda each: each.get("never"), timeout=0.05)


@pytest.mark.parametrize("wrong", [lambda each: each.refuse("Tired"), lambda each: each.deny("dance")])
def test_a_fault_that_s3_does_not_know_is_an_error(bucket: BucketSimulator, wrong: Any) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        wrong(bucket)


def test_python_m_simulator_prints_the_settings_of_a_bucket_that_works() -> None:
    command = [sys.executable, "-m", "simulator"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            keys = {
                "aws_access_key_id": line["STORAGE_ACCESS_KEY"],
                "aws_secret_access_key": line["STORAGE_SECRET_KEY"],
            }
            s3 = boto3.client("s3", endpoint_url=line["STORAGE_ENDPOINT"], region_name="us-east-1", **keys)
            s3.put_object(Bucket=line["STORAGE_BUCKET"], Key="a", Body=b"1")
            assert s3.list_objects_v2(Bucket=line["STORAGE_BUCKET"])["KeyCount"] == 1
            assert (line["STORAGE_VENDOR"], line["BUCKET_URL"]) == ("s3", line["STORAGE_ENDPOINT"])
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_importing_the_simulators_does_not_import_what_is_slow() -> None:
    slow = "{'moto', 'av', 'boto3', 'botocore', 'flask'}"
    code = f"import sys, simulator.agora, simulator.bucket; sys.exit(len({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
