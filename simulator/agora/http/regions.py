"""Which region numbers each storage vendor has (some numbers are not in use)."""

from __future__ import annotations

from collections.abc import Mapping

REGIONS: Mapping[int, frozenset[int]] = {
    1: frozenset(range(26)) - {17, 23},
    2: frozenset(range(28)),
    3: frozenset(range(20)),
    5: frozenset({0}),
    6: frozenset({0}),
    7: frozenset(range(16)),
    8: frozenset(range(1, 8)),
    11: frozenset({0}),
}
