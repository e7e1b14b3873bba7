"""Slack's, Agora's and the bucket's clients without a network: each calls the simulator in the same thread."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookResponse

from agora.transport import Call, HttpResponse
from recordings.errors import BucketDenied, BucketError, NoAnswer, NotSent, ObjectMissing
from recordings.model.playlists import StoredFile
from simulator.agora import AgoraSimulator
from simulator.bucket import BucketSimulator
from simulator.clock import ManualClock
from simulator.slack import SlackSimulator


@dataclass(frozen=True, slots=True)
class BotClock:
    """The bot's clock, which shows the time of the simulators."""

    clock: ManualClock

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def monotonic(self) -> float:
        return self.clock.monotonic()


class InProcessClient(WebClient):
    """Slack's own client; a call goes to the simulator, and every rule of Slack's is checked there."""

    def __init__(self, slack: SlackSimulator, token: str | None) -> None:
        super().__init__(token=token, base_url=slack.url, retry_handlers=[])
        self._slack = slack

    def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        data: Any = None,
        params: Any = None,
        json: Any = None,
        **others: Any,
    ) -> SlackResponse:
        del others
        arguments = {**(params or {}), **(data or {}), **(json or {})}
        given = {name: value for name, value in arguments.items() if value is not None}
        response = self._slack.call(api_method, given, given.pop("token", None) or self.token or "")
        if response is None:
            raise ConnectionError("closed without an answer")
        answer = SlackResponse(
            client=self,
            http_verb=http_verb,
            api_url=api_method,
            req_args={},
            data=response.json,
            headers=dict(response.headers),
            status_code=response.status,
        )
        answer.validate()  # type: ignore[no-untyped-call]
        return answer


def respond_in_process(slack: SlackSimulator) -> Callable[..., WebhookResponse]:
    """What takes the place of `WebhookClient.send_dict`: an answer goes to the simulator's response_url."""

    def send_dict(client: Any, body: dict[str, Any], headers: dict[str, str] | None = None) -> WebhookResponse:
        del headers
        response = slack.post_response_url(client.url, body)
        if response is None:
            raise ConnectionError("closed without an answer")
        return WebhookResponse(
            url=client.url, status_code=response.status, body=str(response.body), headers=dict(response.headers)
        )

    return send_dict


@dataclass(slots=True)
class InProcessTransport:
    """`agora.transport.Transport` over the simulator: no network, no rate limit."""

    agora: AgoraSimulator
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    """By operation: what happens once while such a call is under way."""
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        account = self.agora.account
        credential = base64.b64encode(f"{account.customer_id}:{account.customer_secret}".encode()).decode()
        self.headers = {"authorization": f"Basic {credential}", "content-type": "application/json"}

    def send(self, call: Call) -> HttpResponse:
        body = b"" if call.json is None else json.dumps(call.json).encode()
        self.meanwhile.pop(call.operation, _nothing)()
        try:
            answer = self.agora.handle(call.method, call.path, self.headers, body)
        except ConnectionRefusedError:
            raise NotSent("connection refused") from None
        if answer is None:
            raise NoAnswer("closed without an answer")
        return HttpResponse(answer.status, json.dumps(answer.body).encode(), dict(answer.headers))

    def close(self) -> None:
        return None


def _nothing() -> None:
    return None


@dataclass(slots=True)
class InProcessBucket:
    """`recordings.ports.Bucket` over the simulated objects. Without a simulator nobody may look."""

    simulator: BucketSimulator | None
    clock: ManualClock
    name: str = "bucket"
    error: BucketError | None = None
    """Raised by every call, where a scenario says so."""
    stored_at: dict[str, datetime] = field(default_factory=dict)

    def note_stored(self) -> None:
        """Remembers the time of objects that are new: the simulator keeps none."""
        for key in [] if self.simulator is None else self.simulator.keys(""):
            self.stored_at.setdefault(key, datetime.fromtimestamp(self.clock.wall(), UTC))

    def list(self, prefix: str) -> Sequence[StoredFile]:
        bucket = self._open()
        return [StoredFile(key, len(bucket.get(key)), self.stored_at[key]) for key in bucket.keys(prefix)]

    def text(self, key: str) -> str:
        bucket = self._open()
        if key not in bucket.keys(key):
            raise ObjectMissing("NoSuchKey")
        return bucket.get(key).decode()

    def put(self, key: str, content: bytes) -> None:
        self._open().put(key, content)

    def delete(self, key: str) -> None:
        self._open().delete(key)

    def link(self, key: str, seconds: float) -> str:
        return f"https://bucket.invalid/{key}?expires={seconds:g}"

    def _open(self) -> BucketSimulator:
        if self.error is not None:
            raise self.error
        if self.simulator is None:
            raise BucketDenied("AccessDenied")
        return self.simulator


class InlineExecutor(Executor):
    """Runs what it is given at once, in the caller's thread."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - what a pool does
            future.set_exception(error)
        return future
