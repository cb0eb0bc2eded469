"""Single rows through the development server against the model in Python.

    python benchmarks/serving_load.py

A small VAE of the digits is trained, exported and served by `tfgen serve`, a
process of its own. Then one row after the other is reconstructed, each way for
the same time, in turn, over several rounds:

- model.predict: Keras' own, `model.predict(x)`;
- run_endpoint: tfgen's, `model.run_endpoint("reconstruct", {"x": x})`;
- REST and gRPC: the served signature, by one client and by several at once,
  threads of a second process that keep their connections.

Printed are requests a second, the median and the 99th percentile of a
request's milliseconds, and how many times as many requests as by the two ways
in Python: medians over the rounds, ratios within a round. Clients and server
share the machine's processors, so a server alone on its machine does better.
Only ratios mean anything, since a machine's speed drifts.
"""

import argparse
import functools
import http.client
import json
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

MODEL = "vae"
SIGNATURE = "reconstruct"
IN_PYTHON = ("model.predict", "run_endpoint")


def make_model():
    """A VAE of the digits, and one of them as a batch."""
    import tfgen

    digits = tfgen.data.load("digits", split="train")
    model = tfgen.build(
        "vae",
        input_shape=digits.shape,
        latent_dim=8,
        network="conv",
        likelihood="bernoulli",
    )
    model.compile()
    model.fit(digits.batches(128, seed=0), epochs=2, verbose=0)
    return model, digits.take(1).arrays()[0]


def start_server(base):
    """`tfgen serve` on free ports: its process and the two ports."""
    command = pathlib.Path(sys.executable).with_name("tfgen")
    process = subprocess.Popen(
        [command, "serve", base, "--rest-port", "0", "--grpc-port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [process.stdout.readline() for _ in range(3)]
    ports = [re.search(r"127\.0\.0\.1:(\d+)", line) for line in lines[1:]]
    if None in ports:
        process.kill()
        raise RuntimeError(f"tfgen serve said {''.join(lines)!r}")
    return process, {"REST": int(ports[0][1]), "gRPC": int(ports[1][1])}


def rest_client(port, x):
    """A function that asks once, over a connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    content = {"signature_name": SIGNATURE, "instances": x.tolist()}
    body = json.dumps(content).encode()

    def ask():
        connection.request("POST", f"/v1/models/{MODEL}:predict", body)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(answer.decode())
        return answer

    return ask


def grpc_client(port, x):
    import grpc

    from tfgen.export.messages import message_class
    from tfgen.export.tensor_conversion import write_tensor

    request = message_class("PredictRequest")()
    request.model_spec.name = MODEL
    request.model_spec.signature_name = SIGNATURE
    request.inputs["x"].CopyFrom(write_tensor(x))
    # A connection of its own for each: channels to one place share theirs.
    options = [("grpc.use_local_subchannel_pool", 1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
    predict = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict"
    )
    return functools.partial(predict, request.SerializeToString())


CLIENTS = {"REST": rest_client, "gRPC": grpc_client}


def check_answers(model, ports, x):
    """Refuses to measure answers that are wrong."""
    from tfgen.export.messages import message_class
    from tfgen.export.tensor_conversion import read_tensor

    expected = model.run_endpoint(SIGNATURE, {"x": x})["x"]
    rest = json.loads(rest_client(ports["REST"], x)())["predictions"]
    response = message_class("PredictResponse").FromString(
        grpc_client(ports["gRPC"], x)()
    )
    served = read_tensor("x", response.outputs["x"])
    for answer in (rest, served, model.predict(x, verbose=0)):
        np.testing.assert_allclose(answer, expected, atol=1e-5)


def measure(ask, seconds):
    """Milliseconds of each request that `seconds` have room for."""
    ask()
    times = []
    ends = time.perf_counter() + seconds
    while not times or time.perf_counter() < ends:
        start = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - start))
    return times


def load(kind, port, x, clients, seconds):
    """The same of several clients at once."""
    asks = [CLIENTS[kind](port, x) for _ in range(clients)]
    times = [[] for _ in asks]

    def work(position):
        times[position] = measure(asks[position], seconds)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(times, [])


def summary(times, seconds):
    median, last = np.percentile(times, [50, 99])
    return {"rate": len(times) / seconds, "p50": median, "p99": last}


def run_round(pool, model, ports, x, clients, seconds):
    """{way: summary}, each measured for the same time."""
    in_python = {
        "model.predict": lambda: model.predict(x, verbose=0),
        "run_endpoint": lambda: model.run_endpoint(SIGNATURE, {"x": x}),
    }
    results = {
        way: summary(measure(ask, seconds), seconds)
        for way, ask in in_python.items()
    }
    for kind, port in ports.items():
        for count in (1, clients):
            times = pool.apply(load, (kind, port, x, count, seconds))
            way = f"{kind}, {count} client{'s' if count > 1 else ''}"
            results[way] = summary(times, seconds)
    return results


def report(rounds):
    """The medians over the rounds as a table."""
    columns = "".join(f"  x {way:>13}" for way in IN_PYTHON)
    lines = [f"{'':18}  requests/s   p50 ms   p99 ms{columns}"]
    for way in rounds[0]:
        rate, p50, p99 = (
            np.median([results[way][name] for results in rounds])
            for name in ("rate", "p50", "p99")
        )
        ratios = [
            np.median([r[way]["rate"] / r[base]["rate"] for r in rounds])
            for base in IN_PYTHON
        ]
        shown = "".join(f"  {ratio:15.2f}" for ratio in ratios)
        lines.append(f"{way:18}  {rate:10.1f}  {p50:7.2f}  {p99:7.2f}{shown}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=8, help="at once")
    parser.add_argument("--seconds", type=float, default=3.0, help="each way")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from tfgen.export import export_saved_model

    model, x = make_model()
    # A process of its own, so that clients do not wait for this one's lock.
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        base = pathlib.Path(folder) / MODEL
        export_saved_model(model, base)
        server, ports = start_server(base)
        try:
            check_answers(model, ports, x)
            rounds = [
                run_round(
                    pool, model, ports, x, options.clients, options.seconds
                )
                for _ in range(options.rounds)
            ]
        finally:
            server.terminate()
            server.communicate()
    print(report(rounds))


if __name__ == "__main__":
    main()
