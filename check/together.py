"""Looks side by side, and none of them longer than there is time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

_T = TypeVar("_T")


def together(calls: Sequence[Callable[[], _T]], seconds: float) -> list[_T | None]:
    """What each call returns, in their order; None where it takes longer. What one of them raises is raised here.

    A call that is late goes on in its thread: looking up a host's name, for one, can't be interrupted.
    """
    pool = ThreadPoolExecutor(len(calls), "check")
    futures = [pool.submit(call) for call in calls]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    return [future.result() if future.done() else None for future in futures]
