"""`python -m simulator`: a local Slack, a local Agora and a local bucket, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator
from simulator.bucket import BucketServer
from simulator.slack import SlackServer

ABOUT = """Starts a local Slack, a local Agora and the S3 bucket that it uploads to on 127.0.0.1, and prints one line of
JSON (with --env: lines for .env): the settings that a bot needs to use them; BUCKET_URL, where any S3 client can look;
and SLACK_CONTROL_URL and AGORA_CONTROL_URL, where you play the people and break things:

  curl $SLACK_CONTROL_URL/world
  curl $SLACK_CONTROL_URL/command -d '{"person": "ana", "channel": "daily", "text": "/record start daily"}'
  curl "$SLACK_CONTROL_URL/messages?channel=daily&person=ana"
  curl $SLACK_CONTROL_URL/press -d '{"person": "ben", "channel": "daily", "action_id": "…"}'
  curl $SLACK_CONTROL_URL/fault -d '{"method": "chat.postMessage", "retry_after": 5, "times": 1}'
  curl $AGORA_CONTROL_URL/join -d '{"channel": "daily", "uid": 7}'
  curl $AGORA_CONTROL_URL/uploads -d '{"channel": "daily", "mode": "never"}'
  curl $AGORA_CONTROL_URL/notify -d '{"url": "http://127.0.0.1:3000/agora"}'

A wrong path answers with all that there are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; 0."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with (
        SlackServer(port=options.slack_port) as slack,
        BucketServer(port=options.bucket_port) as bucket,
        AgoraServer(
            AgoraSimulator(AgoraOptions(webhook=options.webhook), bucket=bucket.simulator), port=options.agora_port
        ) as agora,
    ):
        slack.simulator.seed()
        sys.stdout.write(_as_env(_values(slack, agora)) if options.env else json.dumps(_values(slack, agora)) + "\n")
        sys.stdout.flush()
        print("Simulators are running; Ctrl-C ends them", file=sys.stderr)
        stop.wait()
    return 0


def _as_env(values: dict[str, str]) -> str:
    """Lines for .env. No value needs quotes, which not every reader of such a file understands."""
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _values(slack: SlackServer, agora: AgoraServer) -> dict[str, str]:
    return {
        **slack.simulator.settings,
        **agora.simulator.settings,
        "BUCKET_URL": agora.simulator.settings["STORAGE_ENDPOINT"],
        "SLACK_CONTROL_URL": slack.control_url,
        "AGORA_CONTROL_URL": agora.control_url,
        "SLACK_PEOPLE": ",".join(person.name for person in slack.simulator.people),
        "SLACK_CHANNELS": ",".join(channel.name for channel in slack.simulator.channels),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--slack-port", type=int, default=0, metavar="N", help="port of the Web API (default: a free one)"
    )
    parser.add_argument("--agora-port", type=int, default=0, metavar="N", help="port of Agora (default: a free one)")
    parser.add_argument("--bucket-port", type=int, default=0, metavar="N", help="port of S3 (default: a free one)")
    parser.add_argument("--env", action="store_true", help="print lines for .env in place of JSON")
    parser.add_argument("--webhook", metavar="URL", help="where Agora sends its notifications (default: nowhere)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
