"""The command line: exit codes, what goes to which stream, and signals that are blocked before the imports."""

from __future__ import annotations

import ast
import io
import json
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bot
import settings
from composition.terminal import has_colors
from tests.unit.wrong_settings import REQUIRED, WRONG

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
    "arguments", [["nonsense"], ["check", "more"], ["check", "--csv"], ["--check"], ["run", "now"], ["--sinc=7d"]]
)
def test_wrong_arguments_print_the_usage_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(arguments) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: bot.py ")


@pytest.mark.parametrize(
    ("typed", "meant"), [("chek", "check"), ("Check", "check"), ("audti", "audit"), ("rnu", "run"), ("halp", "help")]
)
def test_a_command_that_is_almost_right_is_answered_with_the_right_one(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main([typed]) == 2

    assert f'there is no command "{typed}". Did you mean {meant}?' in capsys.readouterr().err


def test_a_command_like_no_other_is_answered_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    bot.main(["nonsense"])

    assert "Commands: run, check, audit, help." in capsys.readouterr().err


def test_the_version_is_that_of_the_project_with_its_commit(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["--version"]) == 0

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    printed = capsys.readouterr()
    assert re.fullmatch(rf"recorder {re.escape(project['version'])}( \([0-9a-f]{{7,}}\))?\n", printed.out)
    assert printed.err == ""


HELP = [
    ["--help"],
    ["-h"],
    ["help"],
    *([name, "--help"] for name in bot.COMMANDS),
    *(["help", name] for name in bot.COMMANDS),
]


@pytest.mark.parametrize("arguments", HELP)
def test_help_is_printed_on_standard_output(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(arguments) == 0

    printed = capsys.readouterr()
    assert printed.out.startswith("usage: bot.py ")
    assert "exit codes:" in printed.out
    assert "docs/settings.md" in printed.out
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
    assert lines[-2].startswith('HTTP_PORT is wrong: "wrong". It should hold ')
    assert lines[-1] == ("Copy .env.example to .env, fill it in, then: make check. Where each value is: docs/setup.md")


@pytest.mark.usefixtures("wrong_settings")
def test_check_reports_wrong_settings_as_the_bot_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main([]) == 2
    of_the_bot = capsys.readouterr()
    assert bot.main(["check"]) == 2

    assert capsys.readouterr() == of_the_bot


@pytest.mark.usefixtures("wrong_settings")
def test_check_also_lists_wrong_settings_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["check", "--json"]) == 2

    printed = capsys.readouterr()
    listed = json.loads(printed.out)
    assert {item["status"] for item in listed} == {"fail"}
    assert [item["setting"] for item in listed][-1] == "HTTP_PORT"
    assert "HTTP_PORT is wrong" in printed.err


@pytest.mark.usefixtures("wrong_settings")
def test_a_wrong_setting_among_right_ones_is_one_line_and_where_to_correct_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(WRONG) >= 41
    for name, value in WRONG:
        with monkeypatch.context() as patch:
            for variable, text in ({"HTTP_PORT": "0"} | REQUIRED | {name: value}).items():
                patch.setenv(variable, text)
            for arguments in ([], ["check"]):
                assert bot.main(arguments) == 2, (name, value)
                line, next_step = capsys.readouterr().err.splitlines()
                assert line.startswith(name), (name, value)
                assert next_step.startswith(("Correct them in .env", "Copy .env.example"))


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


def test_a_reader_who_closes_the_pipe_early_is_no_error() -> None:
    for arguments in ("--help", "nonsense 2>&1", "check 2>&1"):
        command = f"env -i PATH=$PATH {sys.executable} {ROOT / 'bot.py'} {arguments} | true; echo ${{PIPESTATUS[0]}}"
        ended = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False, cwd="/")
        assert ended.stdout.strip() in ("0", "2"), arguments
        assert ended.stderr == "", arguments


def test_without_its_packages_the_program_says_what_to_run() -> None:
    command = [sys.executable, "-S", "-E", str(ROOT / "bot.py")]
    for arguments in ([], ["check"], ["--help"]):
        ended = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)

        assert (ended.returncode, ended.stdout) == (2, "")
        (line,) = ended.stderr.splitlines()
        assert line.endswith("Run `make run`, or use .venv/bin/python bot.py")


@pytest.mark.parametrize(("settings", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colors_are_for_terminals(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], colored: bool) -> None:
    for name, value in ({"NO_COLOR": "", "TERM": "xterm"} | settings).items():
        monkeypatch.setenv(name, value)
    terminal, pipe = io.StringIO(), io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]

    assert has_colors(terminal) is colored
    assert not has_colors(pipe)


def test_the_program_returns_the_exit_code() -> None:
    ended = subprocess.run([sys.executable, ROOT / "bot.py", "nonsense"], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
