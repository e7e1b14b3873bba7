"""The command line: runs the bot, checks its setup, prints the audit log."""

from __future__ import annotations

import signal

ENDING = (signal.SIGTERM, signal.SIGINT)
if __name__ == "__main__":
    # The process waits for these signals and does not handle them: a handler runs between two steps of the
    # interpreter, and would miss a signal that arrives right before a wait. They are blocked before anything else is
    # imported, which takes a second. Threads inherit this.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

import os
import sys
import threading
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

try:
    import structlog

    from composition import audit, compose
    from composition.clock import SystemClock
    from composition.configuration import load_settings
    from composition.doctor import check
    from composition.running import Running
    from composition.terminal import write
    from composition.version import version
    from recordings.errors import DatabaseNewer
    from settings import SettingsError, misspelled_names
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    print(f"The package {error.name} is missing here. Run `make run`, or use .venv/bin/python bot.py", file=sys.stderr)
    sys.exit(2)

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

ABOUT = "Records Agora calls from Slack."
EPILOG = """\
Settings come from the environment and from .env in the current folder; the environment wins. See docs/settings.md.

exit codes:
  0  all right
  1  a check failed, or the database can't be used
  2  wrong settings or arguments
"""
COMMANDS = {
    "run": "run the bot until Ctrl-C or SIGTERM (the default)",
    "check": "test settings, database, Slack, Agora and the bucket; changes nothing but one test object",
    "audit": "print who started and stopped recordings, and who got links",
    "help": "print this help, or that of a command",
}
COPY_THE_EXAMPLE = "Copy .env.example to .env, fill it in, then: make check. Where each value is: docs/setup.md"
CORRECT_THEM = "Correct them in .env or in the environment, then: make check. What each one holds: docs/settings.md"
_READY_CHECK_SECONDS = 0.1


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, 1 if something failed, 2 for wrong arguments or settings."""
    try:
        return _run_command(_parse(arguments))
    except SystemExit as ended:  # argparse has printed the help, or what is wrong.
        return int(ended.code or 0)
    except SettingsError as error:
        return _refuse_settings(error.lines)


def _run_command(options: Namespace) -> int:
    if options.command == "run":
        return run()
    # Only the running bot drains; a command ends at once.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    return check(as_json=options.json) if options.command == "check" else _audit(options)


class _Parser(ArgumentParser):
    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        is_help = file is sys.stdout
        write(message, sys.stdout if is_help else sys.stderr)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.format_usage()}{self.prog}: {message}\n")


def _parse(arguments: Sequence[str]) -> Namespace:
    """Raises `SystemExit`, as argparse does."""
    parser = _parser()
    if arguments[:1] == ["--version"]:
        write(f"recorder {version()}\n", sys.stdout)
        parser.exit()
    options, unknown = parser.parse_known_args(_with_command(parser, arguments))
    if unknown:
        # argparse itself would print the usage of the program, not of the command.
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _parser() -> ArgumentParser:
    parser = _Parser(
        prog="bot.py",
        usage="bot.py [-h] [--version] [command] ...",
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and the commit")
    commands = parser.add_subparsers(title="commands", prog="bot.py", dest="command", metavar="command", required=True)
    parsers = {}
    for name, about in COMMANDS.items():
        parsers[name] = commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=EPILOG,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parsers[name].set_defaults(parser=parsers[name])
    parsers["check"].add_argument("--json", action="store_true", help="print a list of objects, for programs")
    audit.add_arguments(parsers["audit"], SystemClock().now())
    return parser


def _with_command(parser: ArgumentParser, arguments: Sequence[str]) -> list[str]:
    """`run` is the default, and `help check` means `check --help`."""
    first, *rest = arguments or ["run"]
    if first == "help":
        return [*[name for name in rest[:1] if name in COMMANDS], "--help"]
    if not first.startswith("-") and first not in COMMANDS:
        close = get_close_matches(first, COMMANDS, n=1)
        guess = f"Did you mean {close[0]}?" if close else f"Commands: {', '.join(COMMANDS)}."
        parser.error(f'there is no command "{first}". {guess}')
    return [first, *rest]


def _audit(options: Namespace) -> int:
    if options.until is not None and options.until < options.since:
        options.parser.error("--until lies before --since")
    return audit.print_audit(options.since, options.until, sys.stdout, options.format)


def run() -> int:
    """Runs the bot until SIGTERM or SIGINT. Raises `SettingsError`."""
    config, misspelled = load_settings(), misspelled_names()
    log = structlog.get_logger("bot")
    log.info("starting", version=version())
    for line in misspelled:
        log.warning("unknown_setting", problem=line)
    running = compose(config, misspelled)
    newer_tables: list[DatabaseNewer] = []

    def start() -> None:
        try:
            running.start()
        except DatabaseNewer as error:
            newer_tables.append(error)
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            _announce(running)

    # In a thread, since the database may keep it waiting; a signal ends the process all the same.
    threading.Thread(target=start, name="start", daemon=True).start()
    number = signal.sigwait(ENDING)
    if newer_tables:
        write(f"DATABASE_URL can't be used: {newer_tables[0]}.\n", sys.stderr)
        return 1
    log.info("signal", number=number)
    running.stop()
    log.info("stopped")
    return 0


def _announce(running: Running) -> None:
    """Says when the bot is connected and leads: to a person at a terminal, else in the log."""
    while not running.is_ready:
        time.sleep(_READY_CHECK_SECONDS)
    bot = running.identity.bot
    if sys.stdout.isatty():
        write(f"Ready: @{bot.name} in {bot.team or 'Slack'}. In Slack, type /record\n", sys.stdout)
    else:
        structlog.get_logger("bot").info("ready", bot=bot.name, team=bot.team)


def _refuse_settings(lines: Sequence[str]) -> int:
    missing = any(" is missing" in line for line in lines)
    next_step = COPY_THE_EXAMPLE if missing else CORRECT_THEM
    write("".join(f"{line}\n" for line in (*lines, next_step)), sys.stderr)
    return 2


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Threads that hang in a call to Agora or Slack must not keep the process alive: the rows hold what they were doing.
    os._exit(code)
