"""The command line: runs the bot, checks its setup, prints the audit log.

`python bot.py` runs the bot until SIGTERM or SIGINT; `python bot.py check` prints one line for each thing that must be
right; `python bot.py audit --since WHEN` prints who did what.
"""

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
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import structlog

from composition import audit, compose
from composition.clock import SystemClock
from composition.configuration import load_settings
from composition.doctor import check
from recordings.errors import DatabaseNewer
from settings import SettingsError

_log = structlog.get_logger("bot")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, 1 if something failed, 2 for wrong arguments or settings."""
    try:
        options = _parse(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    if options.command is not None:
        # Only the running bot drains; a command ends at once.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    match options.command:
        case "audit":
            return _audit(options)
        case "check":
            return check()
    return run()


def _parse(arguments: Sequence[str]) -> Namespace:
    """Raises `SystemExit`, as argparse does."""
    parser = ArgumentParser(
        usage="bot.py [-h] [check | audit]",
        description="Records Agora calls from Slack. Without a command: runs the bot.",
        allow_abbrev=False,
    )
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(prog="bot.py", dest="command", metavar="command")
    check_parser = commands.add_parser(
        "check", help="checks settings, database, Slack, Agora and storage before the first recording"
    )
    check_parser.set_defaults(parser=check_parser)
    audit_parser = commands.add_parser("audit", help="prints who did what, from the database alone", allow_abbrev=False)
    audit_parser.set_defaults(parser=audit_parser)
    audit.add_arguments(audit_parser, SystemClock().now())
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        # argparse itself would print the usage of the program, not of the command.
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _audit(options: Namespace) -> int:
    if options.until is not None and options.until < options.since:
        return _refuse(["--until lies before --since"])
    try:
        return audit.print_audit(options.since, options.until, sys.stdout, as_csv=options.csv)
    except SettingsError as error:
        return _refuse(error.lines)


def run() -> int:
    """Runs the bot until SIGTERM or SIGINT."""
    try:
        config = load_settings()
    except SettingsError as error:
        return _refuse(error.lines)
    running = compose(config)
    newer_tables: list[DatabaseNewer] = []

    def start() -> None:
        try:
            running.start()
        except DatabaseNewer as error:
            newer_tables.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

    # In a thread, since the database may keep it waiting; a signal ends the process all the same.
    threading.Thread(target=start, name="start", daemon=True).start()
    number = signal.sigwait(ENDING)
    if newer_tables:
        print(f"DATABASE_URL can't be used: {newer_tables[0]}.", file=sys.stderr)
        return 1
    _log.info("signal", number=number)
    running.stop()
    _log.info("stopped")
    return 0


def _refuse(lines: Sequence[str]) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that hang in a call to Agora or Slack must not keep the process alive: the rows hold what they were doing.
    os._exit(code)
