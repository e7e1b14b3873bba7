"""How the uploads of a channel go: normally, or in one of the ways in which they can fail."""

from __future__ import annotations

from dataclasses import dataclass

MODES = ("normal", "late", "never", "partly", "empty", "tiny", "no_mp4", "backup", "wrong_place")


@dataclass(frozen=True)
class UploadRule:
    """Several modes can be combined."""

    modes: frozenset[str] = frozenset()
    delay: float = 0.0
    """Seconds by which everything after the end of a recording comes later."""

    def __post_init__(self) -> None:
        if not self.modes <= set(MODES):
            raise ValueError(f"mode must be of {', '.join(MODES)}, several joined by +")
        if "late" in self.modes and self.delay <= 0:
            raise ValueError("late needs a delay")

    def is_silent(self, restored_at: float | None) -> bool:
        """Whether a recorder uploads nothing now while Agora reports that all is well."""
        return "never" in self.modes or ("backup" in self.modes and restored_at is None)
