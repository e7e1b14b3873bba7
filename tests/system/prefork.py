"""`bot.py`, forked from a process that has imported it already.

To import it takes most of the time that a bot needs to come up, and hundreds of tests start one. What runs is the same:
a process of its own with its own environment, that can be killed. Tests of the start itself run `bot.py` anew.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_LOOK_SECONDS = 0.005


class Process:
    """A bot that was forked; what `subprocess.Popen` offers of it."""

    def __init__(self, prefork_server: Nest, pid: int) -> None:
        self._nest = prefork_server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nest.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("bot.py", timeout or 0)
            time.sleep(_LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nest:
    """The process that forks."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._lines = ours.makefile("rw", encoding="utf-8")
        self._one = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.prefork"], cwd=ROOT, stdin=theirs.fileno(), start_new_session=True
        )
        # It stays open for as long as its lines do.
        ours.close()
        theirs.close()

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path
    ) -> Process:
        """`bot.py` with these arguments and this environment, in this folder; what it prints goes to the files."""
        asked = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
        return Process(self, self.ask(**asked, out=str(out), err=str(err)))

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """The same, until it ends. Raises `subprocess.TimeoutExpired`."""
        with tempfile.TemporaryDirectory() as printed:
            out, err = Path(printed) / "out", Path(printed) / "err"
            process = self.start(arguments, environment, folder, out, err)
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
            return subprocess.CompletedProcess(list(arguments), code, out.read_text(), err.read_text())

    def ask(self, **request: Any) -> Any:
        with self._one:
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            return json.loads(self._lines.readline())

    def close(self) -> None:
        self._lines.close()
        self._process.kill()
        self._process.wait()


@cache
def prefork_server() -> Nest:
    """The one of this process, which ends with it."""
    made = Nest()
    atexit.register(made.close)
    return made


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(request: dict[str, Any]) -> None:
    import faulthandler

    import bot

    signal.pthread_sigmask(signal.SIG_BLOCK, bot.ENDING)  # as it does by itself where it is the program
    os.chdir(request["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(request["environment"])
    if "PYTHONFAULTHANDLER" in os.environ:
        faulthandler.enable()
    code = 1
    try:
        code = bot.main(request["arguments"])
    except BaseException:  # noqa: BLE001 - what the interpreter would print
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve() -> None:
    import bot  # noqa: F401 - the point of it all

    with socket.socket(fileno=os.dup(0)) as asked, asked.makefile("rw", encoding="utf-8") as lines:
        while line := lines.readline():
            request = json.loads(line)
            if "ended" in request:
                answer = _ended(request["ended"])
            elif (answer := os.fork()) == 0:
                asked.detach()
                _become(request)
            lines.write(json.dumps(answer) + "\n")
            lines.flush()


if __name__ == "__main__":
    _serve()
