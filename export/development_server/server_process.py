"""The process behind `tfgen serve`; see `standalone.py`."""

import argparse
import signal
import threading

from tfgen.export.development_server.server import DevelopmentServer


def main(arguments: list[str]) -> int:
    """Answer until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser("standalone.py serve")
    parser.add_argument("base")
    parser.add_argument("--name")
    parser.add_argument("--rest-port", type=int, default=8501)
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with DevelopmentServer(**vars(options)) as server:
        print(server.description, flush=True)
        stop.wait()
    return 0
