"""Implements the port `CloudRecorder` with Agora's REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

from agora import payloads, responses
from agora.errors import error_for, unrecognized_response
from agora.payloads import RecordingProfile, StartRequest, StorageTarget
from agora.responses import JsonObject
from agora.tokens import Tokens
from agora.transport import Call, Transport
from recordings.model.options import DEFAULT_OPTIONS, Layout, Options
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from recordings.ports import Clock

_T = TypeVar("_T")

MODE = "mix"
"""Composite recording: one picture of the whole call."""


class AgoraClient:
    """Composite recordings of one App ID, uploaded to one bucket. Thread safe if its transport is.

    Each method sends one request. It raises an `AgoraError` unless the response is a success with the documented body.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        profile: RecordingProfile,
        storage: StorageTarget,
        clock: Clock,
        redact: Sequence[str] = (),
    ) -> None:
        """`redact`: the transport's secrets, in case a response repeats them."""
        self._transport = transport
        self._tokens = tokens
        self._profile = profile
        self._storage = storage
        self._clock = clock
        self._redact = tuple(redact)

    def close(self) -> None:
        """Closes the connections to Agora."""
        self._transport.close()

    def acquire(self, channel: str, uid: int, timeout: float | None = None) -> str:
        """The resource id for one recording of `channel` by a recorder with this uid; call `start` within 2 s."""
        body = payloads.acquire_body(channel, uid, self._profile)
        success = self._send(Call("acquire", "POST", f"{self._recordings()}/acquire", body, timeout))
        return _required_text(success, "resourceId")

    def start(
        self,
        target: Target,
        prefix: tuple[str, ...],
        timeout: float | None = None,
        options: Options = DEFAULT_OPTIONS,
        big_uid: int | None = None,
    ) -> str:
        """The sid. `prefix` names the folders in the bucket. Success means accepted; the recorder may not be up yet."""
        token = self._tokens.build(target.channel, target.uid, self._clock.now())
        request = StartRequest(target, prefix, token, options, big_uid)
        body = payloads.start_body(request, self._profile, self._storage)
        success = self._send(Call("start", "POST", f"{self._resource(target)}/mode/{MODE}/start", body, timeout), token)
        return _required_text(success, "sid")

    def query(self, target: Target) -> RecorderStatus:
        """Agora's status (0 to 8, 20) and the files it lists so far."""
        success = self._send(Call("query", "GET", f"{self._recorder(target)}/query"))
        answer = _required(responses.recorder_status(success))
        if not answer.is_documented:
            raise unrecognized_response(200, f"status {answer.status}, which Agora does not document")
        return answer

    def update_layout(self, target: Target, layout: Layout, big_uid: int | None) -> None:
        """Changes the layout of a recorder that is up."""
        body = payloads.layout_body(target, layout, big_uid)
        success = self._send(Call("arrange", "POST", f"{self._recorder(target)}/updateLayout", body))
        _required_text(success, "sid")

    def stop(self, target: Target) -> StopAccepted:
        """Makes the recorder leave, without waiting for its upload."""
        success = self._send(Call("stop", "POST", f"{self._recorder(target)}/stop", payloads.stop_body(target)))
        return _required(responses.stop_accepted(success))

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        """The users in the channel; none if the channel does not exist."""
        path = f"/dev/v1/channel/user/{_segment(self._tokens.app_id)}/{_segment(channel)}"
        return _required(responses.channel_users(self._send(Call("users", "GET", path, timeout=timeout))))

    def throw_out(self, channel: str, uid: int) -> None:
        """Removes this uid from the channel and bans it for `payloads.BAN_SECONDS`."""
        body = payloads.kick_body(self._tokens.app_id, channel, uid)
        success = self._send(Call("throw_out", "POST", "/dev/v1/kicking-rule", body))
        if success.get("status") != "success":
            raise unrecognized_response(200)

    def _send(self, call: Call, token: str = "") -> JsonObject:
        """The JSON object of a 200. `token`: the token in the request, to be redacted from errors."""
        response = self._transport.send(call)
        if response.status != 200:
            secrets = self._secrets(token)
            raise error_for(call.operation, response.status, response.body, response.headers, redact=secrets)
        return _required(responses.json_object(response.body))

    def _secrets(self, token: str) -> tuple[str, ...]:
        profile, storage = self._profile, self._storage
        keys = storage.secret_key, storage.access_key, profile.encryption_secret, profile.encryption_salt
        return (token, *keys, *self._redact)

    def _recordings(self) -> str:
        return f"/v1/apps/{_segment(self._tokens.app_id)}/cloud_recording"

    def _resource(self, target: Target) -> str:
        return f"{self._recordings()}/resourceid/{_segment(target.resource_id)}"

    def _recorder(self, target: Target) -> str:
        if not target.sid:
            raise ValueError("a recorder whose sid is unknown can be neither queried nor stopped")
        return f"{self._resource(target)}/sid/{_segment(target.sid)}/mode/{MODE}"


def _segment(text: str) -> str:
    """One segment of a URL path."""
    return quote(text, safe="")


def _required_text(body: JsonObject, name: str) -> str:
    return _required(responses.plain_text(body.get(name)) or None)


def _required(value: _T | None) -> _T:
    if value is None:
        raise unrecognized_response(200)
    return value
