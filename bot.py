"""The command line: runs the bot, checks its setup, prints the audit log.

`python bot.py` runs it until a signal; `python bot.py check` prints, line by line, what is not right yet;
`python bot.py audit --since WHEN` prints who did what.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

ENDING = (signal.SIGTERM, signal.SIGINT)
if __name__ == "__main__":
    # Waited for, and not handled: a handler runs between two steps of the interpreter, and a signal that comes right
    # before a wait would not end it. Before the imports, which take a second. Threads inherit this.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

import structlog

import logs
import settings
from agora import vendors
from agora.pacing import RequestPacing
from composition import audit, compose
from composition.agora import check_region
from composition.clock import SystemClock
from composition.doctor import check_results, installation_of
from composition.slack import slack_clients
from doctor import results
from recordings.errors import DatabaseNewer, StorageUnavailable
from storage.audit import AuditLog
from storage.database import Database

_READ_BY_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt reads these by itself, and two of them switch it to OAuth without a word."""
_log = structlog.get_logger("bot")


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, 1 where something failed, 2 for wrong arguments or settings."""
    try:
        chosen = _parser().parse_args(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    if chosen.command is not None:
        # These end at once; only the bot itself drains.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    match chosen.command:
        case "audit":
            return print_audit(chosen)
        case "check":
            return check()
    return run()


def _parser() -> ArgumentParser:
    parser = ArgumentParser("bot.py", description="Records Agora calls from Slack. Without a command: runs the bot.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("check", help="checks settings, database, Slack, Agora and storage before the first recording")
    audit_parser = commands.add_parser("audit", help="prints who did what, from the database alone")
    audit.add_arguments(audit_parser, SystemClock().now())
    return parser


def run() -> int:
    """Runs the bot until SIGTERM or SIGINT."""
    try:
        config = _settings()
    except settings.SettingsError as error:
        return _refuse(error.lines)
    running = compose(config)
    refused: list[DatabaseNewer] = []

    def start() -> None:
        try:
            running.start()
        except DatabaseNewer as error:
            refused.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=start, name="start", daemon=True).start()
    number = signal.sigwait(ENDING)
    if refused:
        print(f"DATABASE_URL can't be used: {refused[0]}.", file=sys.stderr)
        return 1
    _log.info("signal", number=number)
    running.stop()
    _log.info("stopped")
    return 0


def check() -> int:
    """Makes the tables where they are not there yet, and prints a line for each thing that is checked."""
    try:
        config = _settings()
    except settings.SettingsError as error:
        return results.report_settings(error.lines)
    database, clock = Database(config.database_url.get_secret_value()), SystemClock()
    pacing = RequestPacing(config.agora_qps, clock)
    installation = installation_of(config, database, pacing, slack_clients(config), clock)
    return results.report(check_results(config, installation, database.migrate))


def print_audit(chosen: Namespace) -> int:
    """Prints who did what. Needs the database alone, and changes nothing there."""
    if chosen.until is not None and chosen.until < chosen.since:
        return _refuse(["--until lies before --since"])
    try:
        url = settings.load_database_url()
    except settings.SettingsError as error:
        return _refuse(error.lines)
    logs.configure("WARNING", secrets=settings.database_passwords(url))
    database = Database(url.get_secret_value())
    try:
        database.check_there()
        database.check_tables()
        events = AuditLog(database).between(chosen.since, chosen.until)
    except (StorageUnavailable, DatabaseNewer) as error:
        redact = logs.Redaction(settings.database_passwords(url), patterns=())
        print(f"DATABASE_URL can't be read: {redact(' '.join(str(error).split()))}", file=sys.stderr)
        return 1
    return audit.write(events, sys.stdout, as_csv=chosen.csv)


def _settings() -> settings.Settings:
    """Raises `SettingsError`."""
    config = settings.load(checks={"vendor": vendors.parse_vendor, "region": check_region})
    logs.configure(config.log_level, config.log_format, settings.secret_values(config))
    for name in _READ_BY_BOLT:
        os.environ.pop(name, None)
    return config


def _refuse(lines: Sequence[str]) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that hang in a call to Agora or Slack must not keep the process: what they were doing is in the rows.
    os._exit(code)
