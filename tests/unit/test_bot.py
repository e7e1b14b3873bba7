"""The command line: exit codes, what goes to which stream, and signals that are blocked before the imports."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bot
import settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def wrong_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set but a port that is none."""
    for variables in settings.names().values():
        for name in variables:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PORT", "wrong")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["check", "more"], ["check", "--json"], ["--check"], ["run"], ["audit"], ["--sinc=7d"]]
)
def test_wrong_arguments_print_the_usage_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(arguments) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: bot.py ")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["audit", "--help"]])
def test_help_is_printed_on_standard_output(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(arguments) == 0

    printed = capsys.readouterr()
    assert printed.out.startswith("usage: bot.py ")
    assert printed.err == ""


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    bot.main(["--help"])

    help_text = capsys.readouterr().out
    assert all(command in help_text for command in ("check", "audit"))


@pytest.mark.usefixtures("wrong_settings")
def test_the_bot_does_not_start_with_wrong_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main([]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0].startswith("SLACK_BOT_TOKEN is missing. It should hold ")
    assert lines[-1].startswith("HTTP_PORT is wrong. It should hold ")


@pytest.mark.usefixtures("wrong_settings")
def test_check_reports_wrong_settings_as_failures_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["check"]) == 1

    printed = capsys.readouterr()
    assert printed.err == ""
    assert all(line.startswith("FAIL  settings ") for line in printed.out.splitlines())
    assert "HTTP_PORT is wrong" in printed.out


def test_a_command_ends_at_a_signal_like_any_other_program(capsys: pytest.CaptureFixture[str]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, bot.ENDING)
    try:
        bot.main(["audit", "--since", "1h", "--until", "2h"])
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, bot.ENDING)

    assert not blocked & set(bot.ENDING)


def test_nothing_but_signal_is_imported_before_the_signals_are_blocked() -> None:
    statements = ast.parse((ROOT / "bot.py").read_text(encoding="utf-8")).body
    guard = next(number for number, statement in enumerate(statements) if isinstance(statement, ast.If))

    imports = [ast.unparse(s) for s in statements[:guard] if isinstance(s, ast.Import | ast.ImportFrom)]
    assert imports == ["from __future__ import annotations", "import signal"]
    assert "pthread_sigmask(signal.SIG_BLOCK, ENDING)" in ast.unparse(statements[guard])


def test_the_program_returns_the_exit_code() -> None:
    ended = subprocess.run([sys.executable, ROOT / "bot.py", "nonsense"], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
