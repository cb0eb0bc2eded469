"""Searches with workers; most are threads of this process."""

import os
import socket
import subprocess
import sys
import threading

import keras
import pytest
from keras_tuner.src.distribute.oracle_client import OracleClient

import tfgen
from tfgen.tuning import Search, VAEHyperModel
from tfgen.tuning.processes import environment
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.search_folder import SearchFolder


@pytest.fixture(scope="module")
def data():
    return (
        tfgen.data.load("iris", split="train"),
        tfgen.data.load("iris", split="validation"),
    )


@pytest.fixture
def port(monkeypatch):
    """Makes this process a worker, whose chief is not there yet."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv(environment.ADDRESS, "127.0.0.1")
    monkeypatch.setenv(environment.PORT, str(port))
    monkeypatch.setenv(environment.NAME, "worker-1")
    return port


def build(hp):
    network = hp.Choice("network", ["narrow", "wide"])
    with hp.conditional_scope("network", "wide"):
        units = hp.Int("units", 8, 9)
    if network == "narrow":
        units = 4
    vae = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=1,
        network="mlp",
        network_options={"units": (units,)},
    )
    vae.compile(keras.optimizers.SGD(0.01))
    return vae


BUILD = """
import sys
import tfgen

train = tfgen.data.load("iris", split="train")
held_out = tfgen.data.load("iris", split="validation")


def build(hp):
    units = (hp.Int("units", 2, 8),)
    vae = tfgen.build(
        "vae", input_shape=(4,), latent_dim=1, network="mlp",
        network_options={"units": units},
    )
    vae.compile("sgd")
    return vae
"""

ONE_SEARCH = (
    BUILD
    + """
tfgen.tuning.Search(
    build, train, held_out, sys.argv[1], trials=int(sys.argv[2]), max_epochs=1
).run()
"""
)

TWO_SEARCHES = (
    BUILD
    + """
for workers in (0, 1):
    search = tfgen.tuning.Search(
        build, train, held_out, f"s{workers}", trials=1, max_epochs=1,
        seed=workers,
    )
    print(f"score={search.run(workers).score!r}", flush=True)
"""
)


def test_a_worker_that_begins_before_its_chief(
    data, port, tmp_path, monkeypatch
):
    """It finds the space without a chief, and writes nothing before it."""

    def refuse(self):
        raise AssertionError("the chief was asked for the space")

    monkeypatch.setattr(OracleClient, "get_space", refuse)
    out = tmp_path / "s"
    search = Search(build, *data, out, trials=2, max_epochs=1)
    names = {parameter.name for parameter in search.space.space}
    assert names == {"network", "units"}
    status = []

    def work():
        with pytest.raises(SystemExit) as ended:
            search.run()
        status.append(ended.value.code)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(1.0)
    assert worker.is_alive() and not out.exists()
    oracle = search._make_oracle()
    with ChiefService(oracle, "127.0.0.1", port):
        worker.join(60)
    assert status == [0]
    assert [r.status for r in oracle.records()] == ["completed"] * 2


def test_a_worker_that_begins_when_the_search_is_over(
    fork_server, port, tmp_path
):
    """A process, for it ends that; one that has another trial waits."""
    program = tmp_path / "program.py"
    program.write_text(ONE_SEARCH)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("KERASTUNER")
    }
    command = [sys.executable, program, tmp_path / "s"]
    fork_server.run([*command, "1"], env=environment, check=True)
    worker = fork_server.run(
        [*command, "1"], capture_output=True, text=True, timeout=240
    )
    assert worker.returncode == 0
    assert worker.stderr == "worker worker-1: the search is over.\n"
    with fork_server.Popen(
        [*command, "2"], stderr=subprocess.PIPE, text=True
    ) as worker:
        line = worker.stderr.readline()
        worker.kill()
    assert line == (
        f"worker worker-1: waiting for the chief at 127.0.0.1:{port}.\n"
    )


# Beside processes/test_local_workers.py and a worker that is a process.
@pytest.mark.slow
def test_workers_of_the_second_search_of_a_program(fork_server, tmp_path):
    """They go through the first one, with its result, to their own."""
    program = tmp_path / "program.py"
    program.write_text(TWO_SEARCHES)
    done = fork_server.run(
        [sys.executable, program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = (
        line.split("=")[1] for line in done.stdout.splitlines() if "=" in line
    )
    assert first != second
    log = (tmp_path / "s1" / "workers" / "worker-1.log").read_text()
    assert f"score={first}" in log and f"score={second}" not in log
    assert not (tmp_path / "s0" / "workers" / "worker-1.log").exists()


def test_a_chief_whose_search_is_over_waits_for_nobody(
    data, tmp_path, monkeypatch
):
    out, again = tmp_path / "s", []
    best = Search(build, *data, out, trials=1, max_epochs=1).run()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv(environment.ADDRESS, "127.0.0.1")
    monkeypatch.setenv(environment.PORT, str(port))
    monkeypatch.setenv(environment.NAME, "chief")
    search = Search(build, *data, out, trials=1, max_epochs=1)
    chief = threading.Thread(
        target=lambda: again.append(search.run()), daemon=True
    )
    chief.start()
    chief.join(60)
    assert [record.score for record in again] == [best.score]


def test_a_worker_trains_no_extractor(port, tmp_path):
    digits = tfgen.data.load("digits", split="validation")
    space = {"network": "mlp", "width": 8, "depth": 1}
    search = Search(
        VAEHyperModel(digits, space),
        digits,
        digits,
        tmp_path / "s",
        objective="frechet_distance",
    )
    with pytest.raises(ValueError, match=r"extractor\.keras is missing, which"):
        search._load_extractor()


def test_workers_of_a_typed_program(data, tmp_path, monkeypatch):
    # A worker of pytest-xdist has no file and is called "-c".
    monkeypatch.setattr(sys, "argv", [""])
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    search = Search(build, *data, tmp_path / "s", trials=1, max_epochs=1)
    with pytest.raises(ValueError, match=r"call run\(workers=0\)"):
        search.run(workers=1)
    assert not (tmp_path / "s").exists()


def test_signs_of_life_do_not_fill_a_folder(tmp_path):
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "worker-1.json").write_text("{}")
    SearchFolder(tmp_path).begin({"trials": 3})
    assert SearchFolder(tmp_path).settings() == {"trials": 3}
