"""A bucket on a real S3 server that checks signatures and permissions."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.s3_server import REGION, S3Server, s3_server


@dataclass(frozen=True)
class Key:
    id: str
    secret: str = field(repr=False)


@dataclass
class RealBucket:
    """A bucket, and an access key with every permission except those that a test denies."""

    server: S3Server
    name: str
    key: Key

    @property
    def settings(self) -> dict[str, str]:
        """The storage settings of the bot."""
        return {
            "STORAGE_VENDOR": "s3",
            "STORAGE_REGION": REGION,
            "STORAGE_ENDPOINT": self.server.url,
            "STORAGE_BUCKET": self.name,
            "STORAGE_ACCESS_KEY": self.key.id,
            "STORAGE_SECRET_KEY": self.key.secret,
        }

    @property
    def keys(self) -> list[str]:
        """The keys of all objects."""
        with self.server.unchecked():
            objects: list[dict[str, Any]] = self.server.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [entry["Key"] for entry in objects]

    def deny(self, *actions: str) -> None:
        """Denies these actions to the key."""
        with self.server.unchecked():
            _allow(self.server, self.name, "s3:*", deny=actions)

    def another_key(self, *actions: str) -> Key:
        """A key that is allowed these actions only."""
        with self.server.unchecked():
            return _new_key(self.server, f"other-{self.name}", *actions)


@contextmanager
def s3_quietly() -> Iterator[S3Server]:
    """The S3 server, without its log of each request."""
    logger = logging.getLogger("werkzeug")
    before = logger.level
    logger.setLevel(logging.ERROR)
    with s3_server() as server:
        yield server
    logger.setLevel(before)


@contextmanager
def real_bucket(server: S3Server, name: str = "") -> Iterator[RealBucket]:
    """One bucket at a time, because the check of signatures applies to the whole server."""
    name = name or f"calls-{uuid.uuid4().hex}"
    server.new_bucket(name)
    bucket = RealBucket(server, name, _new_key(server, name, "s3:*"))
    with server.checking_signatures():
        yield bucket


def _new_key(server: S3Server, user: str, *actions: str) -> Key:
    server.identities.create_user(UserName=user)
    key = server.identities.create_access_key(UserName=user)["AccessKey"]
    _allow(server, user, *actions)
    return Key(key["AccessKeyId"], key["SecretAccessKey"])


def _allow(server: S3Server, user: str, *actions: str, deny: tuple[str, ...] = ()) -> None:
    rules = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    rules += [{"Effect": "Deny", "Action": list(deny), "Resource": "*"}] if deny else []
    policy = json.dumps({"Version": "2012-10-17", "Statement": rules})
    server.identities.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
