"""Logs: structlog and the standard library write through one handler to standard error, which masks secrets last.

Every line passes `Redaction` after it is rendered, so that nothing bypasses it: no traceback, no body or path that
slack_bolt or urllib3 logs, no uncaught exception. It knows the settings' secrets in every spelling that a log may use,
and recognises by their shape those that exist only at run time (tokens, response URLs).
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import Processor

MASK = "***"

# Libraries whose lines below WARNING are dropped unless LOG_LEVEL is DEBUG.
VERBOSE_LIBRARIES = ("alembic", "apscheduler", "slack_bolt", "slack_sdk", "urllib3", "waitress", "werkzeug")

# A shorter secret is masked only as a word of its own: masking `a` or `bot` everywhere would hide half of every line.
SHORTEST_ANYWHERE = 6

# Text may be quoted once or more: JSON in JSON (`\"`, `\/`), a form (`%22`, `%2F`).
_SLASH = r"(?:\\*/|(?:%5C)*%2F)"
_BETWEEN = r"(?:\\*[\"']|\s|%22|%20|\+)*(?:[:=]|%3A|%3D)(?:\\*[\"']|\s|%22|%20|\+)*"
_VALUE = r"(?:\\+/|%(?!22)[0-9A-F]{2}|[^\"'\\\s,;&<>{}()%])+"
_ANSWERS = r"(?:commands|actions)"  # The paths of Slack's response URLs.
_START = r"(?:(?<![a-z0-9])|(?<=%22)|(?<=%3D))"
_SECRET_NAMES = rf"token|access_?key|secret_?key|secret|password|ticket|response_url(?={_BETWEEN}http)"

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # Slack: tokens; URLs that need no token, whole or as the path alone, which is what urllib3 logs.
        (r"(?<![a-z])(xox[a-z]|xapp)([-.])[a-z0-9][a-z0-9.-]*", rf"\1\2{MASK}"),
        (rf"(https?(?::|%3A){_SLASH}{{2}}[^\s\"']{{1,200}}?{_SLASH}{_ANSWERS}{_SLASH}){_VALUE}", rf"\1{MASK}"),
        (rf"((?:GET|POST|PUT|url:) (?:/[\w.-]+)*?/{_ANSWERS}/){_VALUE}", rf"\1{MASK}"),
        (rf"(?<![\w.-])(/{_ANSWERS}/){_VALUE}", rf"\1{MASK}"),
        (rf"(hooks\.slack\.com{_SLASH}){_VALUE}", rf"\1{MASK}"),
        # Agora: 006, the App ID, a signature; 007 and deflated text, longer than any sid.
        (rf"{_START}006[0-9a-f]{{32}}(?:[a-z0-9+/=_-]|%[0-9a-f]{{2}})+", f"006{MASK}"),
        (rf"{_START}007(?:[a-z0-9+/=_-]|%[0-9a-f]{{2}}){{48,}}", f"007{MASK}"),
        # Any service: credentials in headers, in URLs, and after a telling name.
        (r"(?<![a-z])(basic|bearer)(?:\s|%20|\+)+[a-z0-9+/=._~%*-]{6,}", rf"\1 {MASK}"),
        (rf"(authorization{_BETWEEN}(?:(?:basic|bearer)\s+)?){_VALUE}", rf"\1{MASK}"),
        (r"(://[^\s:/@\"'\\]*:)[^\s@/\"'\\]+@", rf"\1{MASK}@"),
        (rf"((?:{_SECRET_NAMES}){_BETWEEN})(?!none\b|null\b|true\b|false\b){_VALUE}", rf"\1{MASK}"),
    )
)


class Redaction:
    """Masks secrets in rendered text: `secrets` in all their spellings, and matches of `patterns`.

    Patterns may also mask plain words after the name of a setting. For text that people read, give no `patterns`.
    """

    def __init__(self, secrets: Iterable[str] = (), patterns: Sequence[tuple[re.Pattern[str], str]] = PATTERNS) -> None:
        known = {form for secret in secrets if secret for form in _spellings(secret)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(_expression, longest_first))) if known else None
        self._patterns = patterns

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, replacement in self._patterns:
            text = pattern.sub(replacement, text)
        return text


def configure(level: str = "INFO", format: str | None = None, secrets: Iterable[str] = ()) -> None:
    """Sends every log line of the process at `level` and above to standard error.

    `format` is `console` or `json`; None means console on a terminal, else json. Uncaught exceptions of any thread
    become log lines too. Call it once, before the first thread starts.
    """
    handler = _Stderr(_Formatter(format or _format_for_stderr(), Redaction(secrets)))
    if level != "DEBUG":
        handler.addFilter(_is_worth_reading)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Not cached, so that `structlog.testing.capture_logs` reaches every logger.
        cache_logger_on_first_use=False,
    )
    _log_uncaught_exceptions()


def _spellings(secret: str) -> Iterator[str]:
    """How a line may spell `secret`: as it is, in a URL or a form, in JSON or a repr, and any of these quoted again."""
    errors = "surrogateescape"  # The environment of a process may hold bytes that are not UTF-8.
    forms = {secret, quote(secret, errors=errors), quote_plus(secret, errors=errors)}
    forms |= {quote(secret, safe="", errors=errors)}
    forms |= {re.sub("%..", lambda code: code[0].lower(), form) for form in forms}
    for _ in range(2):
        forms |= {json.dumps(form)[1:-1] for form in forms}
        forms |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in forms}
        forms |= {repr(form)[1:-1] for form in forms}
        forms |= {repr(form.encode(errors=errors))[2:-1] for form in forms}
    yield from forms


def _expression(form: str) -> str:
    expression = re.escape(form)
    return expression if len(form) >= SHORTEST_ANYWHERE else rf"(?<![A-Za-z0-9]){expression}(?![A-Za-z0-9])"


def _format_for_stderr() -> str:
    return "console" if sys.stderr.isatty() else "json"


def _common_processors() -> list[Processor]:
    """The processing of all lines, ours and the libraries', before they are rendered."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(format: str) -> list[Processor]:
    if format == "console":
        # The plain traceback: the default one shows local variables.
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
        )
        return [console]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, format: str, redaction: Redaction) -> None:
        super().__init__(
            foreign_pre_chain=_common_processors(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(format)],
        )
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


class _Stderr(logging.StreamHandler[TextIO]):
    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(formatter)

    def handleError(self, record: logging.LogRecord) -> None:
        """Logs only where the line that can't be written comes from; the standard library would print its arguments."""
        if getattr(record, "stands_for_another", False):
            return  # Not even this one can be written: standard error is closed.
        origin = f"{record.pathname}:{record.lineno}"
        line = logging.LogRecord(record.name, logging.ERROR, "", 0, f"unwritable_log_line {origin}", None, None)
        line.stands_for_another = True
        self.emit(line)


def _is_worth_reading(record: logging.LogRecord) -> bool:
    # By name and not by the level of the library's logger: Bolt gives each of its loggers the root's level.
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in VERBOSE_LIBRARIES


def _log_uncaught_exceptions() -> None:
    log = structlog.get_logger("python")

    def in_main(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, traceback)
        else:
            log.critical("uncaught_exception", exc_info=(kind, error, traceback))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            thread = args.thread.name if args.thread else None
            log.critical("uncaught_exception", thread=thread, exc_info=args.exc_value)

    def anywhere(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            log.error("exception_ignored", where=args.err_msg, exc_info=args.exc_value)

    sys.excepthook = in_main
    threading.excepthook = in_thread
    sys.unraisablehook = anywhere
