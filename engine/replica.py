"""Who holds the lease: the name of this process, and whether another that is named is no more."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def replica_name() -> str:
    """This process, told from every other there was on any machine."""
    return f"{_place()}{os.getpid()}-{secrets.token_hex(4)}"


def _place() -> str:
    """This machine, or this container on it: where a process id means one process."""
    namespace = Path("/proc/self/ns/pid")
    inside = f"{namespace.stat().st_ino}-" if namespace.exists() else ""
    return f"{socket.gethostname()[:30]}-{inside}"


def is_dead(holder: str) -> bool:
    """Whether a holder of the lease was a process here that is no more: its successor need not wait for the lease."""
    place = _place()
    pid = holder.removeprefix(place).split("-")[0]
    if not holder.startswith(place) or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
