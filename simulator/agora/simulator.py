"""The simulated Agora: real HTTP on 127.0.0.1, one state behind any number of bases."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from simulator.agora.control_api import PREFIX, Control
from simulator.agora.http.answers import Answer
from simulator.agora.http.routes import read_call
from simulator.agora.notifying import WEBHOOK_SECRET, Notifying
from simulator.agora.options import STORAGE, Account
from simulator.agora.state.agora_state import World
from simulator.agora.timing import Clock, SystemClock, Timing
from simulator.agora.uploads.plan import Rule
from simulator.agora.uploads.uploader import Courier
from simulator.listener import Listener

if TYPE_CHECKING:
    from simulator.bucket import BucketSimulator

APP_ID = "5a0de51a0de51a0de51a0de51a0de51a"
APP_CERTIFICATE = "ce47ce47ce47ce47ce47ce47ce47ce47"
CUSTOMER_ID = "c0570c0570c0570c0570c0570c0570c0"
CUSTOMER_SECRET = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"  # noqa: S105 - a test value, accepted by nobody else


class AgoraSimulator(Notifying):
    """Start it, point the bot at `settings`, and play with it; see Stage and Notifying for what can be done to it.

    bucket: where recorders upload to (started before, stopped after); without one they only name their files.
    webhook: whom to notify, as `notify` does.
    """

    def __init__(
        self,
        port: int = 0,
        app_id: str = APP_ID,
        app_certificate: str = APP_CERTIFICATE,
        customer_id: str = CUSTOMER_ID,
        customer_secret: str = CUSTOMER_SECRET,
        *,
        bases: int = 1,
        timing: Timing | None = None,
        clock: Clock | None = None,
        profile: str = "communication",
        qps: int = 10,
        max_recorders: int = 50,
        retry_after: float | None = None,
        list_recorders: bool = False,
        prefix_in_names: bool = False,
        check_storage: bool = False,
        report_exits: bool = False,
        seed: int | None = None,
        bucket: BucketSimulator | None = None,
        webhook: str | None = None,
        webhook_secret: str = WEBHOOK_SECRET,
    ) -> None:
        self.account = Account(
            app_id,
            app_certificate,
            customer_id,
            customer_secret,
            qps,
            max_recorders,
            retry_after,
            list_recorders,
            prefix_in_names,
            check_storage,
        )
        world = World(clock or SystemClock(), timing or Timing(), profile, report_exits, seed)
        world.uploads = bucket is not None
        super().__init__(world, self.account, webhook, webhook_secret)
        self._bucket = bucket
        self._courier = None if bucket is None else Courier(world, bucket, self._changed)
        self._control = Control(self)
        self._ports = [port if index == 0 else 0 for index in range(bases)]
        self._bases: list[Listener] = []
        self._control_listener: Listener | None = None

    # Life

    def start(self) -> Self:
        """Serve every base, and the control API on a port that never goes down."""
        self._exchange.closing.clear()
        self._bases = [self._listener(port, index) for index, port in enumerate(self._ports)]
        self._control_listener = self._listener(0, -1)
        for listener in (*self._bases, self._control_listener):
            listener.up()
        if self._courier is not None:
            self._courier.start()
        self._started = True
        self._attend()
        return self

    def stop(self) -> None:
        """Let everything that hangs go, and close every port."""
        self._exchange.closing.set()
        self._started = False
        self._attend()
        if self._courier is not None:
            self._courier.stop()
        for listener in self._bases:
            listener.close()
        if self._control_listener is not None:
            self._control_listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def down(self, base: int = 0) -> None:
        """Connections to that base are cut and refused."""
        self._bases[base].down()

    def up(self, base: int = 0) -> None:
        """That base takes connections again."""
        self._bases[base].up()

    # Addresses

    @property
    def url(self) -> str:
        """The first base."""
        return self._bases[0].url

    @property
    def urls(self) -> tuple[str, ...]:
        """Every base."""
        return tuple(listener.url for listener in self._bases)

    @property
    def control_url(self) -> str:
        """Where /_sim/ answers whatever happens to the bases (it answers on each base as well)."""
        if self._control_listener is None:
            raise RuntimeError("the simulator has not been started")
        return f"{self._control_listener.url}{PREFIX}"

    @property
    def settings(self) -> dict[str, str]:
        """What a bot needs to record here, in the names of its settings."""
        return {
            "AGORA_APP_ID": self.account.app_id,
            "AGORA_APP_CERTIFICATE": self.account.app_certificate,
            "AGORA_CUSTOMER_ID": self.account.customer_id,
            "AGORA_CUSTOMER_SECRET": self.account.customer_secret,
            "AGORA_API_URLS": ",".join(self.urls),
            **({} if self._postman.url is None else {"AGORA_WEBHOOK_SECRET": self.webhook_secret}),
            **(STORAGE if self._bucket is None else self._bucket.settings),
        }

    # Files

    def uploads(self, channel: str = "*", mode: str = "normal", *, delay: float = 0.0) -> None:
        """How files of that channel (`*`: of any that has no rule of its own) get into the bucket from now on.

        normal. late: everything after the end comes `delay` seconds later (in any mode, where one is given).
        never: nothing comes from now on, and Agora says that it did. partly: the newest slice is missing, though the
        playlist names it. empty, tiny: MP4 files of 0, of 112 bytes. no_mp4: HLS alone. backup: nothing comes until
        `restore`, and a stop says `backuped`. wrong_place: under another prefix. Several: `partly+no_mp4`.
        """
        rule = Rule(frozenset(mode.split("+")), delay)
        with self._changing():
            self._world.upload_rules[channel] = rule

    def restore(self, target: str) -> list[str]:
        """Agora's backup sends the files of that recorder, or of those of that channel, on; their sids."""
        with self._changing() as now:
            return [recorder.sid for recorder in self._world.restore(target, now)]

    def carried(self, timeout: float = 5.0) -> None:
        """Wait until everything that is due now is in the bucket, or was refused there."""
        courier = self._courier
        if courier is None:
            raise RuntimeError("there is no bucket")
        begun = courier.rounds  # one may be under way, the next one sees what is now
        self.wait_for(lambda _: courier.rounds >= begun + 2, timeout)

    # Serving

    def _listener(self, port: int, base: int) -> Listener:
        def handle(method: str, target: str, headers: Mapping[str, str], content: bytes) -> Answer | None:
            return self.handle(method, target, headers, content, base)

        return Listener(port, handle)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes, base: int = 0
    ) -> Answer | None:
        """One request without the network (tests of the state alone); None: no answer."""
        if target.startswith(f"{PREFIX}/"):
            return self._control.handle(method, target, content)
        return self._exchange.handle(read_call(method, target, headers, content, base))
