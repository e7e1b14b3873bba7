"""A client of the simulated Agora, without a network and without waiting: a test moves the clock."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from agora_token_builder import RtcTokenBuilder

from simulator.agora import AgoraOptions, AgoraSimulator, ManualClock

DAY = 24 * 3600
STORAGE = {"vendor": 1, "region": 1, "bucket": "b", "accessKey": "a", "secretKey": "s"}


class Reply(NamedTuple):
    """An answer."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> object:
        """Agora's own code."""
        return self.body.get("code")

    @property
    def state(self) -> Any:
        """The serverResponse."""
        return self.body["serverResponse"]


@dataclass
class Task:
    """A recorder as its client knows it."""

    channel: str
    uid: str
    rid: str
    sid: str
    mode: str = "mix"

    def path(self, verb: str) -> str:
        """The path of a call."""
        return f"/resourceid/{self.rid}/sid/{self.sid}/mode/{self.mode}/{verb}"


@dataclass
class ApiClient:
    """Calls one simulator."""

    simulator: AgoraSimulator
    clock: ManualClock
    authorization: str | None = ""
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.authorization == "":
            account = self.simulator.account
            pair = f"{account.customer_id}:{account.customer_secret}"
            self.authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def send(self, method: str, target: str, body: object = None) -> Reply:
        """One request."""
        headers = {"content-type": "application/json", **self.extra}
        if self.authorization is not None:
            headers["authorization"] = self.authorization
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.simulator.handle(method, target, headers, content)
        assert answer is not None
        return Reply(answer.status, answer.body, dict(answer.headers))

    def recording(self, method: str, path: str, body: object = None) -> Reply:
        """One request of Cloud Recording."""
        return self.send(method, f"/v1/apps/{self.simulator.account.app_id}/cloud_recording{path}", body)

    def acquire(self, channel: str = "daily", uid: str = "1001", **request: object) -> Reply:
        """Acquire a resource."""
        return self.recording("POST", "/acquire", {"cname": channel, "uid": uid, "clientRequest": request})

    def token(self, channel: str = "daily", uid: str = "1001", life: float = DAY) -> str:
        """A 006 token that is valid for that long."""
        account = self.simulator.account
        until = int(self.clock.wall() + life)
        return str(
            RtcTokenBuilder.buildTokenWithUid(account.app_id, account.app_certificate, channel, int(uid), 2, until)
        )

    def request(self, channel: str = "daily", uid: str = "1001", **changes: Any) -> dict[str, object]:
        """A valid clientRequest of a start."""
        valid: dict[str, object] = {
            "token": self.token(channel, uid),
            "storageConfig": STORAGE,
            "recordingConfig": {"maxIdleTime": 300},
            "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        }
        return {**valid, **changes}

    def start(
        self,
        rid: str,
        channel: str = "daily",
        uid: str = "1001",
        *,
        mode: str = "mix",
        request: dict[str, object] | None = None,
    ) -> Reply:
        """Start a recorder."""
        wanted = self.request(channel, uid) if request is None else request
        body = {"cname": channel, "uid": uid, "clientRequest": wanted}
        return self.recording("POST", f"/resourceid/{rid}/mode/{mode}/start", body)

    def task(self, channel: str = "daily", uid: str = "1001", *, hours: int = 72, **changes: Any) -> Task:
        """A recorder that has just been started."""
        rid = self.acquire(channel, uid, resourceExpiredHour=hours).body["resourceId"]
        started = self.start(rid, channel, uid, request=self.request(channel, uid, **changes))
        assert started.status == 200, started
        return Task(channel, uid, rid, started.body["sid"])

    def recorded(self, channel: str = "daily", uid: str = "1001", **changes: Any) -> Task:
        """A recorder of somebody talking; its first file is stored."""
        self.simulator.join(channel, 7)
        task = self.task(channel, uid, **changes)
        self.clock.advance(20)
        assert self.status(task) == 5
        return task

    def query(self, task: Task) -> Reply:
        """The answer of a query."""
        return self.recording("GET", task.path("query"))

    def status(self, task: Task) -> int | None:
        """Its status; None if Agora does not find it."""
        reply = self.query(task)
        assert reply.status == 200 or reply.code == 404, reply
        return int(reply.state["status"]) if reply.status == 200 else None

    def stop(self, task: Task, *, asynchronous: bool = True) -> Reply:
        """Stop it."""
        return self.post(task, "stop", {"async_stop": asynchronous})

    def post(self, task: Task, verb: str, request: object) -> Reply:
        """A call that names the recorder in its body too."""
        body = {"cname": task.channel, "uid": task.uid, "clientRequest": request}
        return self.recording("POST", task.path(verb), body)

    def users(self, channel: str = "daily", query: str = "") -> Any:
        """The data of the channel's user list."""
        app = self.simulator.account.app_id
        reply = self.send("GET", f"/dev/v1/channel/user/{app}/{quote(channel, safe='')}{query}")
        assert reply.status == 200, reply
        return reply.body["data"]

    def kick(self, **rule: object) -> Reply:
        """Make a kicking rule."""
        whole = {"appid": self.simulator.account.app_id, "privileges": ["join_channel"], **rule}
        return self.send("POST", "/dev/v1/kicking-rule", whole)


def api_client(**options: Any) -> ApiClient:
    """A client of a new simulator with a manual clock."""
    clock = ManualClock()
    return ApiClient(AgoraSimulator(AgoraOptions(**{"seed": 1, "qps": 1000, **options}), clock=clock), clock)
