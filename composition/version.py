"""The version of this program: from pyproject.toml, with the commit if the code is a git checkout."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_GIT_SECONDS = 2.0


def version() -> str:
    """As in `0.2.0 (5061ca4)`."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = _commit(_ROOT)
    return f"{project['version']} ({commit})" if commit else str(project["version"])


def _commit(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""  # git is not installed, or does not trust the owner of the checkout.
    return ended.stdout.strip()
