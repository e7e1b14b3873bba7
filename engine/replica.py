"""Replica identity, and whether a named replica's process is dead."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def replica_name() -> str:
    """A name for this process that no other process on any machine has had."""
    return f"{_host_prefix()}{os.getpid()}-{secrets.token_hex(4)}"


def _host_prefix() -> str:
    """Names this machine, or this container on it: inside it a process id means one process."""
    namespace = Path("/proc/self/ns/pid")
    container = f"{namespace.stat().st_ino}-" if namespace.exists() else ""
    return f"{socket.gethostname()[:30]}-{container}"


def is_dead(holder: str) -> bool:
    """Whether the lease's holder was a process on this host that has ended: its lease can be taken at once."""
    prefix = _host_prefix()
    pid = holder.removeprefix(prefix).split("-")[0]
    if not holder.startswith(prefix) or not pid.isdigit():
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
