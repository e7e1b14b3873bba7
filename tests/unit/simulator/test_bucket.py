"""The simulated bucket: objects, keys, faults, and the request log."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from simulator.bucket import BucketOptions, BucketServer, BucketSimulator
from tests.unit.simulator.s3_clients import obstore_client, refused, s3_client

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def served() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


@pytest.fixture
def bucket(served: BucketSimulator) -> BucketSimulator:
    served.reset()
    return served


def test_the_bucket_exists_at_the_start_and_stores_objects(bucket: BucketSimulator) -> None:
    s3 = s3_client(bucket)
    s3.put_object(Bucket=bucket.bucket, Key="a/é +&.txt", Body=b"hello")
    assert bucket.keys() == ["a/é +&.txt"]
    assert bucket.get("a/é +&.txt") == b"hello"
    s3.delete_object(Bucket=bucket.bucket, Key="a/é +&.txt")
    assert bucket.keys() == []


def test_a_client_sees_what_a_test_puts_and_deletes(bucket: BucketSimulator) -> None:
    for key in ("a/1", "a/2", "b/3"):
        bucket.put(key, key.encode())
    bucket.delete("a/2")
    s3 = s3_client(bucket)
    listed = s3.list_objects_v2(Bucket=bucket.bucket, Prefix="a/")
    assert [each["Key"] for each in listed["Contents"]] == ["a/1"]
    assert s3.get_object(Bucket=bucket.bucket, Key="b/3", Range="bytes=1-")["Body"].read() == b"/3"
    assert s3.head_object(Bucket=bucket.bucket, Key="b/3")["ContentLength"] == 3
    assert bucket.keys("a") == ["a/1"]


def test_long_lists_come_in_pages(bucket: BucketSimulator) -> None:
    for number in range(5):
        bucket.put(f"n/{number}", b"")
    pages = (
        s3_client(bucket)
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket.bucket, PaginationConfig={"PageSize": 2})
    )
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]


def test_a_bucket_in_memory_answers_the_client_of_the_bot() -> None:
    import obstore

    with BucketServer(BucketSimulator(BucketOptions(store="memory"))) as server:
        bucket, store = server.simulator, obstore_client(server.simulator)
        for name in ("a & b", "n/1", "n/2", "o"):
            obstore.put(store, name, name.encode(), use_multipart=False)
        assert bucket.keys("n") == ["n/1", "n/2"]
        listed = [each for page in obstore.list(store, "n") for each in page]
        assert [(each["path"], each["size"]) for each in listed] == [("n/1", 3), ("n/2", 3)]
        assert abs(listed[0]["last_modified"].timestamp() - time.time()) < 300
        after = [each["path"] for page in obstore.list(store, offset="n/1") for each in page]
        assert after == ["n/2", "o"]
        assert bytes(obstore.get(store, "a & b").bytes()) == b"a & b"
        assert obstore.head(store, "n/1")["size"] == 3
        obstore.delete(store, "n/1")
        assert bucket.keys() == ["a & b", "n/2", "o"]


def test_long_lists_of_a_bucket_in_memory_come_in_pages() -> None:
    with BucketServer(BucketSimulator(BucketOptions(store="memory"))) as server:
        for number in range(5):
            server.simulator.put(f"n/{number}", b"")
        paginator = s3_client(server.simulator).get_paginator("list_objects_v2")
        pages = paginator.paginate(Bucket=server.simulator.bucket, PaginationConfig={"PageSize": 2})
        assert [[each["Key"] for each in page["Contents"]] for page in pages] == [
            ["n/0", "n/1"],
            ["n/2", "n/3"],
            ["n/4"],
        ]


def test_without_moto_a_bucket_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BucketOptions().store == "s3"
    monkeypatch.setattr("simulator.bucket.options.find_spec", lambda name: None)
    assert BucketOptions().store == "memory"


def test_a_missing_object_is_a_lookup_error_or_no_such_key(bucket: BucketSimulator) -> None:
    with pytest.raises(LookupError):
        bucket.get("nothing")
    with pytest.raises(LookupError):
        bucket.delete("nothing")
    assert refused(bucket, "get_object", Key="nothing") == (404, "NoSuchKey")


def test_requests_can_be_refused_with_an_error_of_s3(bucket: BucketSimulator) -> None:
    cases: list[tuple[str, int]] = [
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", 403),
        ("SignatureDoesNotMatch", 403),
        ("NoSuchBucket", 404),
        ("SlowDown", 503),
        ("InternalError", 500),
    ]
    for code, status in cases:
        bucket.refuse(code)
        assert refused(bucket, "list_objects_v2") == (status, code)
        assert refused(bucket, "get_object", Key="a") == (status, code)
        bucket.clear()
        s3_client(bucket).list_objects_v2(Bucket=bucket.bucket)


def test_an_error_has_the_xml_of_s3(bucket: BucketSimulator) -> None:
    bucket.refuse("SlowDown")
    reply = requests.get(f"{bucket.url}/{bucket.bucket}/a&b", timeout=5)
    assert reply.headers["Content-Type"] == "application/xml"
    assert "<Code>SlowDown</Code><Message>Please reduce your request rate.</Message>" in reply.text
    assert f"<Resource>/{bucket.bucket}/a&amp;b</Resource>" in reply.text


def test_a_refusal_can_be_for_some_requests_and_one_method_only(bucket: BucketSimulator) -> None:
    bucket.refuse("SlowDown", times=1, method="PUT")
    s3_client(bucket).list_objects_v2(Bucket=bucket.bucket)
    assert refused(bucket, "put_object", Key="a", Body=b"") == (503, "SlowDown")
    s3_client(bucket).put_object(Bucket=bucket.bucket, Key="a", Body=b"")


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
            getattr(s3_client(bucket), operation)(Bucket=bucket.bucket, **arguments)


def test_an_action_can_be_denied_to_one_key(bucket: BucketSimulator) -> None:
    bucket.accept("writer", "its-secret")
    bucket.deny("get", access_key="writer")
    bucket.put("a", b"1")
    writer = s3_client(bucket, ("writer", "its-secret"))
    assert refused(bucket, "get_object", writer, Key="a") == (403, "AccessDenied")
    s3_client(bucket).get_object(Bucket=bucket.bucket, Key="a")


def test_without_permission_to_list_a_missing_object_is_access_denied(bucket: BucketSimulator) -> None:
    bucket.deny("list")
    assert refused(bucket, "get_object", Key="nothing") == (403, "AccessDenied")


def test_another_bucket_does_not_exist_though_another_simulator_has_it(bucket: BucketSimulator) -> None:
    with BucketServer() as server:
        other = server.simulator
        other.put("a", b"theirs")
        assert refused(bucket, "get_object", Bucket=other.bucket, Key="a") == (404, "NoSuchBucket")
        assert bucket.keys() == []
        with pytest.raises(ValueError, match="already"):
            BucketSimulator(BucketOptions(other.bucket)).open()


def test_a_name_can_be_used_again_and_its_bucket_is_empty() -> None:
    for _ in range(2):
        with BucketServer(BucketSimulator(BucketOptions("again"))) as server:
            bucket = server.simulator
            assert bucket.keys() == []
            bucket.put("a", b"1")


def test_a_bucket_that_is_down_refuses_connections_until_it_is_up(bucket: BucketSimulator) -> None:
    from botocore.exceptions import EndpointConnectionError

    bucket.down()
    with pytest.raises(EndpointConnectionError):
        s3_client(bucket).list_objects_v2(Bucket=bucket.bucket)
    bucket.up()
    s3_client(bucket).list_objects_v2(Bucket=bucket.bucket)


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
    s3_client(bucket).list_objects_v2(Bucket=bucket.bucket)


def test_every_request_is_logged(bucket: BucketSimulator) -> None:
    s3 = s3_client(bucket)
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


def test_waiting_ends_with_a_timeout(bucket: BucketSimulator) -> None:
    with pytest.raises(TimeoutError):
        bucket.wait_for(lambda each: each.get("never"), timeout=0.05)


def test_an_unknown_fault_is_an_error(bucket: BucketSimulator) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        bucket.refuse("Tired")
    with pytest.raises(ValueError, match="must be one of"):
        bucket.deny("dance")


def test_python_m_simulator_prints_the_settings_of_a_bucket_that_works() -> None:
    import boto3

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


def test_importing_the_simulators_imports_nothing_slow() -> None:
    slow = "{'moto', 'av', 'boto3', 'botocore', 'flask'}"
    code = f"import sys, simulator.agora, simulator.bucket; sys.exit(len({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
