"""Cloud Recording's own calls: acquire, start, query, update, updateLayout, stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.agora.fields import Fields, file_types, section
from simulator.agora.http import checks, tokens
from simulator.agora.http.answers import Answer, refuse, refuse_parameter
from simulator.agora.http.routes import Call
from simulator.agora.options import Account
from simulator.agora.state.agora_state import AgoraState, Resource
from simulator.agora.state.recorder import Phase, Recorder

_SYNC_TOO_SLOW = Answer(206, {"code": 50, "reason": "upload timeout"})
"""Code 50 is documented, its HTTP status is not."""


@dataclass
class RecordingCalls:
    """The effect of each call; it raises Refused with any answer other than success."""

    state: AgoraState
    account: Account

    @property
    def handlers(self) -> Mapping[str, Callable[[Call], Answer]]:
        """By operation."""
        return {
            "acquire": self.acquire,
            "start": self.start,
            "query": self.query,
            "update": self.update,
            "updateLayout": self.update_layout,
            "stop": self.stop,
        }

    # acquire and start

    def acquire(self, call: Call) -> Answer:
        """Make a resource."""
        body = checks.check_envelope("acquire", call.body)
        cname, uid, request = str(body["cname"]), str(body["uid"]), section(body, "clientRequest")
        checks.check_acquire(request)
        scene = int(str(request.get("scene", 0)))
        checks.check_channel_name(cname, web=scene == 1)
        if len(self.state.alive()) >= self.account.max_recorders:
            refuse("vendor_over_load")
        resource = self._new_resource(cname, uid, request, scene)
        return Answer(200, {"cname": cname, "uid": uid, "resourceId": resource.resource_id})

    def _new_resource(self, cname: str, uid: str, request: Fields, scene: int) -> Resource:
        resource = Resource(
            self.state.new_resource_id(),
            cname,
            uid,
            self.state.clock.monotonic(),
            scene,
            int(str(request.get("resourceExpiredHour", 72))),
            section(request, "startParameter") if "startParameter" in request else None,
        )
        self.state.resources[resource.resource_id] = resource
        return resource

    def start(self, call: Call) -> Answer:
        """Start a recorder."""
        mode = self._mode(call)
        body = checks.check_envelope("start", call.body)
        request = section(body, "clientRequest")
        resource = self._resource_for(call, body, mode)
        checks.check_start("start", request, mode)
        self._check_consistent(resource, request)
        if any(each.uid == int(resource.uid) for each in self.state.alive(resource.channel)):
            refuse("task_conflict")
        if len(self.state.alive()) >= self.account.max_recorders:
            refuse("no_worker")
        recorder = self._new_recorder(resource, mode, request)
        return Answer(200, self._named(recorder))

    def _resource_for(self, call: Call, body: Fields, mode: str) -> Resource:
        resource = self.state.resources.get(call.params["rid"])
        if resource is None:
            refuse_parameter("start", "invalid resourceId")
        if resource.recorder is not None and resource.recorder.alive:
            refuse("already_started")
        if resource.recorder is not None:
            refuse_parameter("start", "this resourceId has been used")
        if self.state.clock.monotonic() >= resource.made_at + self.state.timing.resource_life:
            refuse_parameter("start", "this resourceId has expired")
        if (body["cname"], body["uid"]) != (resource.channel, resource.uid):
            refuse_parameter("start", "cname and uid must be those of acquire")
        if (mode == "web") != (resource.scene == 1):
            refuse_parameter("start", "the mode does not fit the scene of acquire")
        return resource

    def _check_consistent(self, resource: Resource, request: Fields) -> None:
        for name, value in (resource.start_parameter or {}).items():
            if request.get(name) != value:
                refuse_parameter("start", f"{name} differs from startParameter of acquire")

    def _new_recorder(self, resource: Resource, mode: str, request: Fields) -> Recorder:
        state, now = self.state, self.state.clock.monotonic()
        until, problem = self._token(resource, mode, request, now)
        layout = section(section(request, "recordingConfig"), "transcodingConfig")
        recorder = Recorder(
            state.new_sid(),
            resource.resource_id,
            mode,
            resource.channel,
            int(resource.uid),
            request,
            state.timing,
            started_at=now,
            started_wall=state.clock.wall(),
            api_until=now + resource.hours * state.timing.hour,
            token_until=until,
            token_problem=problem,
            storage_works=self.account.accepts_storage(section(request, "storageConfig")),
            layout={name: value for name, value in layout.items() if name in checks.LAYOUT},
        )
        resource.recorder = recorder
        state.add(recorder)
        return recorder

    def _token(self, resource: Resource, mode: str, request: Fields, now: float) -> tuple[float | None, str | None]:
        """When its token expires, or what is wrong with it: with a bad token it starts, and never joins."""
        if not self.account.app_certificate or mode == "web":
            return None, None
        wall = self.state.clock.wall()
        try:
            until = tokens.verify(
                str(request.get("token", "")),
                app_id=self.account.app_id,
                certificate=self.account.app_certificate,
                channel=resource.channel,
                uid=int(resource.uid),
                now=wall,
            )
        except tokens.TokenRefused as refused:
            return None, f"bad token: {refused}"
        return now + until - wall, None

    # query, update, stop

    def query(self, call: Call) -> Answer:
        """The status of a recorder."""
        recorder = self._found(call)
        now = self.state.clock.monotonic()
        status = recorder.status(now)
        return Answer(200, self._named(recorder, {"status": status, **self._outcome(recorder, now)}))

    def update(self, call: Call) -> Answer:
        """Accepted; only a new storageConfig takes effect."""
        request = self._addressed(call, "update")
        if "storageConfig" in request:
            checks.check_storage("update", section(request, "storageConfig"))
        recorder = self._found(call)
        if "storageConfig" in request:
            storage = {**section(recorder.request, "storageConfig"), **section(request, "storageConfig")}
            recorder.request = {**recorder.request, "storageConfig": storage}
        return Answer(200, self._named(recorder, {}))

    def update_layout(self, call: Call) -> Answer:
        """In composite mode: replaces every earlier layout setting."""
        request = self._addressed(call, "updateLayout")
        if call.params["mode"] != "mix":
            refuse_parameter("updateLayout", "invalid mode")
        checks.check_layout("updateLayout", request)
        recorder = self._found(call)
        recorder.layout = {name: value for name, value in request.items() if name in checks.LAYOUT}
        return Answer(200, self._named(recorder))

    def stop(self, call: Call) -> Answer:
        """Stop a recorder."""
        request = self._addressed(call, "stop")
        checks.check_fields("stop", request, {"async_stop": lambda value: type(value) is bool})
        recorder = self._to_stop(call)
        now = self.state.clock.monotonic()
        recorded = recorder.recorded and (recorder.forced is None or recorder.forced >= 5)
        recorder.leave(now, "stopped")
        if not recorded:
            refuse("no_recorded_data")
        if request.get("async_stop") is True:
            status = "backuped" if self._backed_up(recorder) else "unknown"
            return Answer(200, self._named(recorder, {"uploadingStatus": status}))
        return self._after_upload(recorder, now)

    def _backed_up(self, recorder: Recorder) -> bool:
        return "backup" in self.state.upload_rule(recorder.channel).modes

    def _after_upload(self, recorder: Recorder, now: float) -> Answer:
        timing = self.state.timing
        wait = timing.upload + (timing.mp4_delay if recorder.uploads else 0.0)
        if wait > timing.sync_stop_limit:
            return Answer(_SYNC_TOO_SLOW.status, _SYNC_TOO_SLOW.body, wait=timing.sync_stop_limit)
        status = "backuped" if self._backed_up(recorder) or recorder.upload_failed else "uploaded"
        return Answer(
            200, self._named(recorder, {"uploadingStatus": status, **self._outcome(recorder, now)}), wait=wait
        )

    def _addressed(self, call: Call, operation: str) -> Fields:
        """The clientRequest of a call that names the recorder in its body too."""
        self._mode(call)
        body = checks.check_envelope(operation, call.body)
        recorder = self.state.recorders.get(call.params["sid"])
        if recorder is not None and (body["cname"], int(str(body["uid"]))) != (recorder.channel, recorder.uid):
            refuse_parameter(operation, "cname and uid must be those of acquire")
        return section(body, "clientRequest")

    def _to_stop(self, call: Call) -> Recorder:
        recorder = self._known(call)
        leaving = recorder.phase in (Phase.LEAVING, Phase.EXITING) or recorder.forced in (6, 7, 8)
        if leaving and self.state.clock.monotonic() < recorder.api_until:
            refuse("invalid_operation")
        return self._found(call)

    def _found(self, call: Call) -> Recorder:
        recorder = self._known(call)
        crashed_for_writers = call.operation != "query" and recorder.phase is Phase.CRASHED
        if crashed_for_writers or not recorder.is_found(self.state.clock.monotonic()):
            refuse("not_found")
        return recorder

    def _known(self, call: Call) -> Recorder:
        mode = self._mode(call)
        recorder = self.state.recorders.get(call.params["sid"])
        if recorder is None or (recorder.resource_id, recorder.mode) != (call.params["rid"], mode):
            refuse("not_found")
        return recorder

    def _mode(self, call: Call) -> str:
        mode = call.params["mode"]
        if mode not in checks.MODES:
            refuse_parameter(call.operation, "invalid mode")
        return mode

    # answers

    def _named(self, recorder: Recorder, server: Fields | None = None) -> dict[str, object]:
        body: dict[str, object] = {
            "cname": recorder.channel,
            "uid": str(recorder.uid),
            "resourceId": recorder.resource_id,
            "sid": recorder.sid,
        }
        return body if server is None else {**body, "serverResponse": dict(server)}

    def _outcome(self, recorder: Recorder, now: float) -> dict[str, object]:
        files = self._with_prefix(recorder, recorder.files(now))
        if recorder.mode == "web":
            return {"extensionServiceState": [_web_state(recorder, files)]}
        if not files:
            return {}
        if recorder.mode == "mix" and file_types(recorder.request) == ("hls",):
            return {"fileListMode": "string", "fileList": files[0]["fileName"]}
        return {"fileListMode": "json", "fileList": files}

    def _with_prefix(self, recorder: Recorder, files: list[dict[str, object]]) -> list[dict[str, object]]:
        prefix = section(recorder.request, "storageConfig").get("fileNamePrefix")
        if not (self.account.prefix_in_names and isinstance(prefix, list)):
            return files
        folder = "".join(f"{each}/" for each in prefix)
        return [{**file, "fileName": f"{folder}{file['fileName']}"} for file in files]


def _web_state(recorder: Recorder, files: list[dict[str, object]]) -> dict[str, object]:
    state = "exit" if recorder.phase is Phase.LEAVING else "inProgress" if recorder.in_channel else "init"
    listed = [{"filename": file["fileName"], "sliceStartTime": file["sliceStartTime"]} for file in files]
    return {
        "serviceName": "web_recorder_service",
        "payload": {"state": state, "onhold": False, "fileList": listed},
    }
