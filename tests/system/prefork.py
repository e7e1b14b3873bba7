"""Prefork server: forks `bot.py` from a process that has imported it already.

Imports take most of the time of a start, and hundreds of tests start a bot. A forked bot is still a process of its own
with an environment of its own, which a test can kill. Tests of the start itself run a new interpreter.
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
_POLL_SECONDS = 0.005


class ForkedBot:
    """A forked bot, with the part of the interface of `subprocess.Popen` that tests use."""

    def __init__(self, server: PreforkServer, pid: int) -> None:
        self._server = server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._server.request(exit_code_of=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("bot.py", timeout or 0)
            time.sleep(_POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class PreforkServer:
    """The process that forks; its stdin is a socket with one line of JSON for each request and each response."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._lines = ours.makefile("rw", encoding="utf-8")
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.prefork"], cwd=ROOT, stdin=theirs.fileno(), start_new_session=True
        )
        # `makefile` keeps the socket open.
        ours.close()
        theirs.close()

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path
    ) -> ForkedBot:
        """Starts `bot.py` with these arguments, environment and working directory; its output goes to the files."""
        request = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
        return ForkedBot(self, self.request(**request, out=str(out), err=str(err)))

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs `bot.py` until it exits. Raises `subprocess.TimeoutExpired`."""
        with tempfile.TemporaryDirectory() as output:
            out, err = Path(output) / "out", Path(output) / "err"
            process = self.start(arguments, environment, folder, out, err)
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
            return subprocess.CompletedProcess(list(arguments), code, out.read_text(), err.read_text())

    def request(self, **request: Any) -> Any:
        with self._lock:
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            return json.loads(self._lines.readline())

    def close(self) -> None:
        self._lines.close()
        self._process.kill()
        self._process.wait()


@cache
def server() -> PreforkServer:
    """The server of this test process, which ends with it."""
    started = PreforkServer()
    atexit.register(started.close)
    return started


def _exit_code(pid: int) -> int | None:
    exited, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if exited else None


def _run_bot(request: dict[str, Any]) -> None:
    import faulthandler

    import bot

    signal.pthread_sigmask(signal.SIG_BLOCK, bot.ENDING)  # as bot.py does when it is the main module
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
    except BaseException:  # noqa: BLE001 - prints what the interpreter would print
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve() -> None:
    import bot  # noqa: F401 - the import that every fork saves

    with socket.socket(fileno=os.dup(0)) as connection, connection.makefile("rw", encoding="utf-8") as lines:
        while line := lines.readline():
            request = json.loads(line)
            if "exit_code_of" in request:
                response = _exit_code(request["exit_code_of"])
            elif (response := os.fork()) == 0:
                connection.detach()
                _run_bot(request)
            lines.write(json.dumps(response) + "\n")
            lines.flush()


if __name__ == "__main__":
    _serve()
