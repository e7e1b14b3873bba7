"""`make live`: the main job against the real Slack and the real Agora, with the accounts in `.env`, in about 5 minutes.

It runs the real bot, tells the person at the terminal what only people can do, and checks in the bot's database and log
that each state was reached. pytest does not run it: it costs a few recorded minutes at Agora.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from urllib.parse import urlencode

from agora_token_builder.RtcTokenBuilder import Role_Publisher, RtcTokenBuilder
from sqlalchemy import select

import settings
from agora.payloads import file_name_prefix
from demo import BOT, bot_process, end
from recordings.errors import StorageUnavailable
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from storage import rows, tables
from storage.database import Database
from storage.recordings import Recordings
from tests.fakes.intents import request_stop

ROOT = Path(__file__).parents[1]
NEEDS = """
make live needs real accounts, in .env or the environment (docs/setup.md shows how to get them):
  - the Slack app, installed, with its bot token and an app-level token (Socket Mode)
  - an Agora project with Cloud Recording enabled, and a bucket that Agora can write to
  - no other process of the bot on the same Slack app: Slack would share the commands between them
  - one or two people in Slack, and a browser with a microphone and a camera
It costs a few minutes of recording at Agora."""
WEB_DEMO = "https://webdemo.agora.io/basicVideoCall/index.html"
"""Joins the call in its address by itself, as a call of the profile `communication`, without encryption."""
GUEST_UID, GUEST_SECONDS = 1001, 3600
OVERRIDES = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "HTTP_PORT": "0", "MAX_DURATION_SECONDS": "900"}
PERSON, MACHINE, UPLOAD = 300.0, 120.0, 1000.0
"""Seconds that one step of a person, of Slack and Agora, and of Agora's upload may take."""


class NotReached(Exception):
    """A state was not reached. The text says which, and the last known state."""


@dataclass
class Live:
    """One recording, followed in the bot's own database and log."""

    channel: str
    bucket: str
    database: Database
    log: Path
    bot: subprocess.Popen[bytes]
    join_link: str
    """Empty if Agora's web demo can't join such calls."""
    patience: float
    begun: float = field(default_factory=time.monotonic)
    state: State | None = None

    def play(self) -> None:
        self.reach("the bot is connected to Slack and leads", self.connected, MACHINE)
        self.ask(f"In a public channel in Slack, type:  /record start {self.channel}")
        self.reach(
            "the command has arrived and the card is posted", self.has(lambda recording: recording.card_ts), PERSON
        )
        self.reach("Agora has started a recorder", self.has(lambda recording: recording.sid), MACHINE)
        self.reach("the recorder is in the call (status 4)", self.has(lambda recording: recording.started_at), MACHINE)
        where = f"open {self.join_link}" if self.join_link else "in your own app"
        self.ask(f"Join the call {self.channel} with microphone and camera on:  {where}")
        self.reach("the first file is stored (status 5)", self.has(lambda recording: recording.first_file_at), PERSON)
        self.ask("In the same channel in Slack, type:  /record status   (only you see the reply. Is it right?)")
        self.reach("the command has arrived", lambda: self.logged("command", text="status"), PERSON)
        self.ask("Press the red button on the card, best as somebody else, or type:  /record stop")
        self.reach("the stop is saved", self.has(lambda recording: recording.intent.stop_at), PERSON)
        self.reach(
            "Agora has accepted the stop", self.has(lambda recording: recording.stop_accepted_at), MACHINE, stopped=True
        )
        self.reach("the recording has ended, and its files were checked", self.finished, UPLOAD, stopped=True)
        self.reach("no alert was raised", lambda: not self.logged("alert_raised"), 0)
        self.stop_bot()
        self.print_what_only_people_see()

    def ask(self, what: str) -> None:
        print(f"\n  >>> {what}\n", flush=True)

    def reach(self, what: str, reached: Callable[[], object], seconds: float, *, stopped: bool = False) -> None:
        """Waits for it. Raises `NotReached`, also if the recording ends before, unless it may be `stopped` by then."""
        deadline = time.monotonic() + seconds * self.patience
        while not reached():
            self.show_state()
            if self.bot.poll() is not None:
                raise NotReached(f"{what}: the bot has ended, with exit code {self.bot.returncode}")
            recording = self.recording()
            is_stopped = recording is not None and recording.reason is Reason.STOPPED
            if recording is not None and recording.is_over and not (stopped and is_stopped):
                raise NotReached(f"{what}: it is {recording.state}, {recording.reason} {recording.detail}")
            if time.monotonic() >= deadline:
                raise NotReached(f"{what}: not within {seconds * self.patience:.0f} s")
            time.sleep(0.2)
        self.show_state()
        print(f"{self.clock()}  ok    {what}", flush=True)

    def show_state(self) -> None:
        recording = self.recording()
        if recording is not None and recording.state is not self.state:
            self.state = recording.state
            print(f"{self.clock()}        the recording is {self.state}", flush=True)

    def clock(self) -> str:
        return f"{time.monotonic() - self.begun:6.1f} s"

    def recording(self) -> Recording | None:
        newest = select(tables.recordings).order_by(tables.recordings.c.requested_at.desc()).limit(1)
        try:
            with self.database.read() as connection:
                row = connection.execute(newest).one_or_none()
        except StorageUnavailable:
            return None  # The bot has not made its tables yet.
        return None if row is None else rows.recording(row)

    def has(self, fact: Callable[[Recording], object]) -> Callable[[], bool]:
        """Returns whether the recording has this fact by then."""

        def known() -> bool:
            recording = self.recording()
            return recording is not None and fact(recording) is not None

        return known

    def finished(self) -> bool:
        """Whether the files are there, or the bot has reported that they are not."""
        recording = self.recording()
        if recording is None or recording.reason is not Reason.STOPPED or recording.delivery is None:
            return False
        return recording.delivery.state is not DeliveryState.AWAITED

    def connected(self) -> bool:
        return self.logged("socket_connected") and self.logged("leading")

    def logged(self, event: str, **words: str) -> bool:
        """Whether the log has a line of this event whose fields begin with these words."""
        complete = self.log.read_text().rpartition("\n")[0].split("\n")
        lines = (json.loads(line) for line in complete if line.startswith("{"))
        matching = (line for line in lines if line.get("event") == event)
        return any(all(str(line.get(name)).startswith(word) for name, word in words.items()) for line in matching)

    def stop_bot(self) -> None:
        begun = time.monotonic()
        code = end(self.bot)
        seconds = time.monotonic() - begun
        if code != 0 or seconds > 10:
            raise NotReached(f"SIGTERM: the bot exited {code} after {seconds:.1f} s, not 0 within 10 s")
        print(f"{self.clock()}  ok    SIGTERM: the bot exited 0 after {seconds:.1f} s", flush=True)

    def clean_up(self) -> None:
        """Stops every recording that this run started."""
        if self.bot.poll() is not None:
            return
        recordings = Recordings(self.database)
        for recording in recordings.active():
            print(f"Stopping {recording.agora_channel} ...", flush=True)
            request_stop(recordings, recording.id, recording.started_by, datetime.now(UTC))
        deadline = time.monotonic() + MACHINE
        while recordings.active() and self.bot.poll() is None and time.monotonic() < deadline:
            time.sleep(0.5)
        for recording in recordings.active():
            print(f"{recording.agora_channel} may still be recorded (sid {recording.sid}). It ends when all have left.")

    def print_what_only_people_see(self) -> None:
        recording = self.recording()
        if recording is None:
            return
        folder = "/".join((self.bucket, *file_name_prefix(recording.slack_channel, recording.requested_at.date())))
        print("\nEverything was reached. What only you can see:")
        print("  - the card in Slack: that the recording is ready, who started it and who stopped it")
        if recording.delivery is not None and recording.delivery.state is DeliveryState.READY:
            print(f"  - that its first button gives you a link that plays. The bot found in {folder}:")
        else:
            print(f"  - the files in the bucket. The bot could not check them ({recording.delivery}). In {folder}:")
        print(*(f"      {name}" for name in recording.files), sep="\n")
        print("  - that picture and sound are right. Alerts are not tried here: make demo and make test do that.")


def join_link(channel: str, config: settings.Settings) -> str:
    """The address at which a browser joins the call, valid for an hour; empty if Agora's web demo can't join it."""
    if config.agora_channel_profile != "communication" or config.agora_encryption_mode:
        return ""
    asked = {"appid": config.agora_app_id, "channel": channel, "uid": str(GUEST_UID)}
    if config.agora_app_certificate is not None:
        certificate = config.agora_app_certificate.get_secret_value()
        until = int(time.time()) + GUEST_SECONDS
        asked["token"] = RtcTokenBuilder.buildTokenWithUid(
            config.agora_app_id, certificate, channel, GUEST_UID, Role_Publisher, until
        )
    return f"{WEB_DEMO}?{urlencode(asked)}"


def check(environment: Mapping[str, str]) -> int:
    """The exit code of `bot.py check`, which prints what is wrong."""
    return subprocess.run([sys.executable, BOT, "check"], env=environment, cwd=ROOT, check=False).returncode


def run(channel: str, config: settings.Settings, patience: float, folder: Path) -> int:
    database = f"sqlite:///{folder / 'recordings.db'}"
    environment = {**os.environ, **OVERRIDES, "DATABASE_URL": database}
    print("First the setup (bot.py check):", flush=True)
    if check(environment) != 0:
        print(NEEDS)
        return 2
    log = folder / "bot.log"
    with bot_process(environment, log, ROOT) as bot:
        bucket, link = config.storage_bucket, join_link(channel, config)
        live = Live(channel, bucket, Database(database), log, bot, link, patience)
        try:
            live.play()
        except (NotReached, KeyboardInterrupt) as error:
            print(f"\nNOT REACHED: {str(error) or 'interrupted'}\nThe bot's log: {log}\n", flush=True)
            return 1
        finally:
            live.clean_up()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.live", description=__doc__)
    parser.add_argument("--channel", default="live-check", help="the call to record (default: %(default)s)")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for every timeout (default: %(default)s)")
    options = parser.parse_args(arguments)
    # A shell makes its background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI"):
        print("make live does not run in CI: it needs people and real accounts.")
        return 2
    try:
        config = settings.load(env_file=ROOT / ".env")
    except settings.SettingsError as error:
        print("Nothing was started. These settings are missing or wrong:", *error.lines, NEEDS, sep="\n")
        return 2
    if config.slack_app_token is None:
        print("Nothing was started. make live needs SLACK_APP_TOKEN: it works over Socket Mode only.", NEEDS, sep="\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="recorder-live-"))
    code = run(options.channel, config, options.patience, folder)
    if code == 0:
        shutil.rmtree(folder)
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
