"""The process behind `tfgen serve`; see `standalone.py`."""

import argparse
import signal
import threading

from tfgen.export.development_server.server import DevelopmentServer


def main(arguments: list[str]) -> int:
    """Answer until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser("standalone.py serve")
    parser.add_argument("base", metavar="BASE")
    parser.add_argument("--name")
    parser.add_argument("--rest-port", type=int, default=8501)
    parser.add_argument("--grpc-port", type=int, default=8500)
    parser.add_argument("--all-versions", action="store_true")
    parser.add_argument(
        "--label", dest="labels", action="append", default=[], type=_label
    )
    options = vars(parser.parse_args(arguments))
    options["labels"] = dict(options["labels"])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with DevelopmentServer(**options) as server:
        print(server.description, flush=True)
        stop.wait()
    return 0


def _label(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)
