"""64 clients of the development server and of an exported graph, for minutes.

    python benchmarks/soak_load.py --seconds 600

A small VAE of the digits is exported and served by `tfgen serve`, a process of
its own. Clients in another process, half by REST and half by gRPC, keep asking
for the reconstruction of a digit of their own, while slow clients, cut
connections and half requests of both kinds come and go. Then as many threads
ask the graph itself in TensorFlow's C++ runtime. Printed: answers, errors, how
far answers lie from those that were given to one client alone, and how much
the process's memory grew from the second tenth of the time to the last. The
exit status is 1 where an answer is an error or off by more than 1e-5, or
memory grew by 5% or more.
"""

import argparse
import contextlib
import json
import multiprocessing
import pathlib
import socket
import sys
import tempfile
import threading
import time

import numpy as np
from serving_load import CLIENTS, MODEL, SIGNATURE, start_server

TOLERANCE, GROWTH = 1e-5, 0.05
HEAD = f"POST /v1/models/{MODEL}:predict HTTP/1.1\r\n".encode()


def read_answer(kind, content):
    """The first output's rows."""
    if kind == "REST":
        return np.array(json.loads(content)["predictions"], "float32")
    from tfgen.export.messages import message_class
    from tfgen.export.tensor_conversion import read_tensor

    response = message_class("PredictResponse").FromString(content)
    return read_tensor("x", response.outputs["x"])


def disturb(port, ends):
    """Half, cut and slow requests, a few open at a time."""
    halves = [b"", HEAD, HEAD + b"Content-Length: 999\r\n\r\n{", b"\x00\xff"]
    opened = []
    while time.monotonic() < ends:
        for sent in halves:
            with contextlib.suppress(OSError):
                opened.append(socket.create_connection(("127.0.0.1", port), 5))
                opened[-1].sendall(sent)
        for connection in opened[-12:]:
            with contextlib.suppress(OSError):
                connection.sendall(b"X")  # slowly on
        while len(opened) > 24:
            opened.pop(0).close()
        time.sleep(0.5)


def half_calls(port, ends):
    """Requests by gRPC that never come whole, 80 at a time."""
    import grpc

    over = threading.Event()

    def never():
        over.wait()
        yield from ()

    method = "/tensorflow.serving.PredictionService/Predict"
    while time.monotonic() < ends:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            begin = channel.stream_unary(method)
            calls = [begin.future(never()) for _ in range(80)]
            time.sleep(min(20, max(0, ends - time.monotonic())))
            for call in calls:
                call.cancel()
    over.set()


def in_threads(work, count):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask_all(asks, seconds):
    """(answers, errors, largest distance) of clients that ask at once.

    Each is a function that returns an array, always of the same request.
    """
    alone = [ask() for ask in asks]
    counts, errors = [0] * len(asks), []
    largest = [0.0] * len(asks)
    ends = time.monotonic() + seconds

    def work(i):
        while time.monotonic() < ends:
            try:
                answer = asks[i]()
            except Exception as error:  # whatever went wrong is counted
                errors.append(f"{type(error).__name__}: {error}"[:200])
                continue
            counts[i] += 1
            distance = float(np.abs(answer - alone[i]).max())
            largest[i] = max(largest[i], distance)

    in_threads(work, len(asks))
    return sum(counts), errors, max(largest)


def load_server(ports, rows, seconds):
    """`ask_all` of a server, with those beside them that disturb."""
    kinds = [list(CLIENTS)[i % 2] for i in range(len(rows))]
    raw = [
        CLIENTS[kind](ports[kind], x[None])
        for kind, x in zip(kinds, rows, strict=True)
    ]
    asks = [
        lambda ask=ask, kind=kind: read_answer(kind, ask())
        for ask, kind in zip(raw, kinds, strict=True)
    ]
    ends = time.monotonic() + seconds
    for target, kind in ((disturb, "REST"), (half_calls, "gRPC")):
        threading.Thread(target=target, args=(ports[kind], ends)).start()
    return ask_all(asks, seconds)


def load_graph(path, rows, seconds):
    from tfgen.export import SavedModelSession

    with SavedModelSession(path) as session:
        asks = [
            lambda x=x: session.run(SIGNATURE, x=x[None])["x"] for x in rows
        ]
        return ask_all(asks, seconds)


def resident(pid):
    """Bytes of memory of a process."""
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * 4096


class Memory:
    """A process's memory, once a second while its block runs."""

    def __init__(self, pid):
        self.pid, self.seen, self.over = pid, [], threading.Event()

    def __enter__(self):
        def look():
            while not self.over.wait(1.0):
                self.seen.append(resident(self.pid))

        self.thread = threading.Thread(target=look)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.thread.join()

    @property
    def growth(self):
        tenth = max(1, len(self.seen) // 10)
        begin = np.median(self.seen[tenth : 2 * tenth])
        return float(np.median(self.seen[-tenth:]) / begin - 1)


def line(what, clients, seconds, result, memory):
    """Prints a row; whether all was well."""
    answers, errors, distance = result
    print(
        f"{what}: {clients} clients, {seconds:.0f} s: {answers} answers, "
        f"{len(errors)} errors, at most {distance:.1e} from those alone, "
        f"memory {memory.seen[-1] / 2**20:.0f} MiB, {memory.growth:+.1%}",
        flush=True,
    )
    for error in sorted(set(errors))[:5]:
        print(f"    {errors.count(error)} x {error}")
    return not errors and distance <= TOLERANCE and memory.growth < GROWTH


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["server", "graph"])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    import tfgen
    from tfgen.export import export_saved_model

    digits = tfgen.data.load("digits", "train")
    model = tfgen.build(
        "vae", input_shape=digits.shape, latent_dim=8, network="conv"
    )
    rows = digits.take(options.clients).arrays()[0]
    arguments = rows, options.seconds
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        base = pathlib.Path(folder) / MODEL
        export_saved_model(model, base)
        (process,) = pool._pool
        well = []
        for what in options.what:
            with contextlib.ExitStack() as stack:
                if what == "server":
                    server, ports = start_server(base)
                    stack.callback(server.communicate)
                    stack.callback(server.terminate)
                    memory = Memory(server.pid)
                    ask, which = load_server, ports
                else:
                    memory = Memory(process.pid)
                    ask, which = load_graph, base / "1"
                with memory:
                    result = pool.apply(ask, (which, *arguments))
            named = what, options.clients, options.seconds
            well.append(line(*named, result, memory))
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
