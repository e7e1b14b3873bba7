"""What the bot asks of Agora: the port `CloudRecorder` over a transport."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from agora import answers, payloads
from agora.answers import JsonObject
from agora.errors import error_for, not_agoras
from agora.pacing import RequestPacing
from agora.payloads import RecordingProfile, StorageTarget
from agora.tokens import Tokens
from agora.transport import (
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    RETURN_AFTER,
    TOTAL_TIMEOUT,
    Call,
    HttpResponse,
    HttpTransport,
    Transport,
    ignore_response,
)
from recordings.model.options import DEFAULT_OPTIONS, Layout, Options
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from recordings.ports import Clock

_T = TypeVar("_T")

MODE = "mix"
"""Composite recording: one picture of the whole call."""


class AgoraClient:
    """Composite recordings of one App ID, all into one bucket. Thread safe where its transport is.

    Each method is one request and raises an `AgoraError` where the answer is not a success that says what it should.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        profile: RecordingProfile,
        storage: StorageTarget,
        clock: Clock,
        hide: Sequence[str] = (),
    ) -> None:
        """`hide`: secrets that the transport adds, which an answer may repeat as well."""
        self._transport = transport
        self._tokens = tokens
        self._profile = profile
        self._storage = storage
        self._clock = clock
        self._hide = tuple(hide)

    def close(self) -> None:
        """Closes the connections to Agora."""
        self._transport.close()

    def acquire(self, channel: str, uid: int, timeout: float | None = None) -> str:
        """The resource id for one recording of `channel` by a recorder with this uid; `start` must follow in 2 s."""
        body = payloads.acquire_body(channel, uid, self._profile)
        answer = self._success(Call("acquire", "POST", f"{self._recordings()}/acquire", body, timeout))
        return _text(answer, "resourceId")

    def start(
        self,
        target: Target,
        prefix: tuple[str, ...],
        timeout: float | None = None,
        options: Options = DEFAULT_OPTIONS,
        big_uid: int | None = None,
    ) -> str:
        """The sid. `prefix` names the folders in the bucket. A 200 means asked for, not that it records."""
        token = self._tokens.build(target.channel, target.uid, self._clock.now())
        body = payloads.start_body(target, prefix, token, self._profile, self._storage, options, big_uid)
        answer = self._success(
            Call("start", "POST", f"{self._resource(target)}/mode/{MODE}/start", body, timeout), token
        )
        return _text(answer, "sid")

    def query(self, target: Target) -> RecorderStatus:
        """Agora's status (0 to 8, 20) and the files that it names so far."""
        answer = self._success(Call("query", "GET", f"{self._recorder(target)}/query"))
        return _known(answers.recorder_status(answer))

    def update_layout(self, target: Target, layout: Layout, big_uid: int | None) -> None:
        """Arranges people in the picture anew."""
        body = payloads.layout_body(target, layout, big_uid)
        answer = self._success(Call("arrange", "POST", f"{self._recorder(target)}/updateLayout", body))
        _text(answer, "sid")

    def stop(self, target: Target) -> StopAccepted:
        """Asks the recorder to leave, and does not wait for its files."""
        answer = self._success(Call("stop", "POST", f"{self._recorder(target)}/stop", payloads.stop_body(target)))
        return _known(answers.stop_accepted(answer))

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        """Who is in the channel just now; nobody where it does not exist."""
        path = f"/dev/v1/channel/user/{_part(self._tokens.app_id)}/{_part(channel)}"
        return _known(answers.channel_users(self._success(Call("users", "GET", path, timeout=timeout))))

    def throw_out(self, channel: str, uid: int) -> None:
        """Throws this uid out of the channel, and keeps it out for `payloads.BAN_SECONDS`."""
        body = payloads.kick_body(self._tokens.app_id, channel, uid)
        answer = self._success(Call("throw_out", "POST", "/dev/v1/kicking-rule", body))
        if answer.get("status") != "success":
            raise not_agoras(200)

    def _success(self, call: Call, token: str = "") -> JsonObject:
        answer = self._transport.send(call)
        if answer.status != 200:
            raise error_for(call.operation, answer.status, answer.body, answer.headers, hide=self._secrets(token))
        return _known(answers.json_object(answer.body))

    def _secrets(self, token: str) -> tuple[str, ...]:
        profile, storage = self._profile, self._storage
        keys = storage.secret_key, storage.access_key, profile.encryption_secret, profile.encryption_salt
        return token, *keys, *self._hide

    def _recordings(self) -> str:
        return f"/v1/apps/{_part(self._tokens.app_id)}/cloud_recording"

    def _resource(self, target: Target) -> str:
        return f"{self._recordings()}/resourceid/{_part(target.resource_id)}"

    def _recorder(self, target: Target) -> str:
        if not target.sid:
            raise ValueError("a recorder whose sid is unknown can be neither queried nor stopped")
        return f"{self._resource(target)}/sid/{_part(target.sid)}/mode/{MODE}"


def connect(
    *,
    bases: Sequence[str],
    customer_id: str,
    customer_secret: str,
    pacing: RequestPacing,
    tokens: Tokens,
    profile: RecordingProfile,
    storage: StorageTarget,
    clock: Clock,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    total_timeout: float = TOTAL_TIMEOUT,
    return_after: float = RETURN_AFTER,
    on_response: Callable[[HttpResponse], None] = ignore_response,
) -> AgoraClient:
    """A client of Agora's REST API. Durations in seconds (see `HttpTransport`)."""
    transport = HttpTransport(
        bases,
        customer_id,
        customer_secret,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        total_timeout=total_timeout,
        return_after=return_after,
        pace=pacing.wait,
        on_response=on_response,
    )
    return AgoraClient(transport, tokens, profile, storage, clock, hide=(customer_id, customer_secret))


def _part(text: str) -> str:
    return quote(text, safe="")


def _text(answer: JsonObject, name: str) -> str:
    return _known(answers.plain_text(answer.get(name)) or None)


def _known(found: _T | None) -> _T:
    if found is None:
        raise not_agoras(200)
    return found
