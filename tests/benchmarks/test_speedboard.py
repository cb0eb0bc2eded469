"""The speed scoreboard: the same step as tfgen's, fair pairs, its page."""

import dataclasses
import importlib
import json
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.optimizers import OptimizerGroup
from tfgen.training import GlobalBatch

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
DENSE, DCGAN = "dense VAE, batch 128", "DCGAN, batch 64"
NOISE = 0.3


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name):
    return importlib.import_module(f"speedboard.{name}")


# The step by hand.


def norms_by_hand(case, path, x):
    """Of the gradients, by the name of their optimizer, with equal noise."""
    networks = module("tensorflow_steps").Networks(case, path)
    found = {}
    for network in (networks.encoder, networks.decoder, networks.discriminator):
        set_weights(network)

    def apply(name, gradients, variables):
        found[name] = float(tf.linalg.global_norm(gradients))

    networks.take_step(x, apply)
    return found


def norms_of_tfgen(case, x, monkeypatch):
    found = []

    def apply(self, gradients, variables):
        found.append(float(tf.linalg.global_norm(gradients)))
        return tf.constant(0.0)

    monkeypatch.setattr(OptimizerGroup, "apply", apply)
    model = importlib.import_module("tfgen").build(
        case.family, input_shape=case.shape, seed=0, **case.options
    )
    model.compile()
    for name in module("of_tfgen").NETWORKS:
        set_weights(getattr(model, name, None))
    if case.likelihood == "gaussian":
        model.likelihood.raw_scale.assign(0.0)
    model.train_step((x,))
    return found


def set_weights(network):
    draw = np.random.default_rng(1)
    for weight in network.trainable_weights if network else ():
        weight.assign(0.05 * draw.normal(size=weight.shape))


@pytest.mark.parametrize(
    "row",
    [
        "table VAE, batch 128",
        "points GAN, batch 128",
        DCGAN,
        "VAE-GAN, batch 64",
    ],
)
def test_the_step_by_hand_is_that_of_tfgen(row, tmp_path, monkeypatch):
    case = dataclasses.replace(module("cases").case_of(row), batch=8, steps=1)
    path = tmp_path / "networks.json"
    module("of_tfgen").write_networks(case, path)
    monkeypatch.setattr(
        GlobalBatch,
        "normal",
        lambda batch, shape, purpose: tf.fill((8, *shape), NOISE),
    )
    monkeypatch.setattr(tf.random, "normal", lambda s: tf.fill(s, NOISE))
    x = tf.constant(case.data())
    by_hand = norms_by_hand(case, path, x)
    # Order is that of the updates: a VAE-GAN's are all of one step.
    assert sorted(norms_of_tfgen(case, x, monkeypatch)) == pytest.approx(
        sorted(by_hand.values()), rel=1e-4
    )


def test_the_bare_loop_takes_steps_of_adam(tmp_path):
    case = dataclasses.replace(
        module("cases").case_of("table VAE, batch 128"), batch=8, steps=3
    )
    path = tmp_path / "networks.json"
    module("of_tfgen").write_networks(case, path)
    trainer = module("bare_loop").Trainer(case, "float32", path)
    variable = keras.Variable([1.0, 2.0])
    trainer.moments[id(variable)] = [tf.Variable([0.0, 0.0]) for _ in range(2)]
    other = keras.Variable([1.0, 2.0])
    optimizer = keras.optimizers.Adam(*case.adam)
    optimizer.build([other])
    for gradient in ([0.5, -0.1], [0.2, 0.3]):
        trainer.count.assign_add(1.0)
        trainer._apply("vae", [tf.constant(gradient)], [variable])
        optimizer.apply([tf.constant(gradient)], [other])
    np.testing.assert_allclose(variable, other, rtol=1e-6)
    trainer.count.assign(0.0)
    trainer.train()
    assert float(trainer.count) == 3


# Sessions.


def test_contestants():
    contestants, cases = module("contestants"), module("cases")
    places = pathlib.Path("peers"), pathlib.Path("earlier")
    names = {
        row: [
            each.name
            for each in contestants.contestants(cases.case_of(row), *places)
        ]
        for row in (DENSE, DCGAN)
    }
    assert names[DENSE][:5] == [
        "tfgen",
        "earlier",
        "plain",
        "bare",
        "tfgen bfloat16",
    ]
    assert names[DENSE][5:] == [
        "torch eager",
        "torch compile",
        "torch eager+bfloat16",
        "torch compile+bfloat16",
        "pythae",
    ]
    assert "torch compile+channels_last+bfloat16" in names[DCGAN]
    assert "pythae" not in names[DCGAN]


class Started:
    """In the place of a process."""

    order = []

    def __init__(self, contestant, *_):
        self.name = contestant.name
        self.start = {"shapes": [[2, 3]]}

    def turn(self):
        self.order.append(self.name)

    def end(self):
        return {}


@pytest.fixture
def session(monkeypatch):
    board = module("board")
    Started.order = []
    monkeypatch.setattr(board, "Process", Started)
    names = [types_of(name) for name in ("tfgen", "plain")]
    monkeypatch.setattr(board, "contestants", lambda *_: names)
    made = board.Board(
        threads=1, pairs=3, rows=(DENSE,), peers="", earlier="", commit="c"
    )
    return lambda: made._session(module("cases").case_of(DENSE), "", "")


def types_of(name):
    return module("contestants").Contestant(name, "")


def test_who_goes_first_changes(session):
    session()
    assert Started.order == ["tfgen", "plain", "plain", "tfgen"] + [
        "tfgen",
        "plain",
    ]


def test_other_weights_are_refused(session, monkeypatch):
    def start(self, contestant, *_):
        self.name = contestant.name
        size = 3 if self.name == "tfgen" else 4
        self.start = {"shapes": [[size, 2]]}

    monkeypatch.setattr(Started, "__init__", start)
    with pytest.raises(ValueError, match=r"plain trains .* \[\[2, 4\]\]"):
        session()
    assert Started.order == []


def test_without_tfgen_there_is_nothing_to_keep(session, monkeypatch, tmp_path):
    board = module("board")
    monkeypatch.setattr(board, "_write_networks", lambda row, file: None)
    monkeypatch.setattr(Started, "end", lambda self: {"failure": "E: full"})
    made = board.Board(1, 1, (DENSE,), "", "", "c")
    with pytest.raises(RuntimeError, match="tfgen itself failed: E: full"):
        made.measure(tmp_path, row=DENSE)


def test_a_process_that_fails_says_why(tmp_path):
    contestant = types_of("tfgen")
    contestant = dataclasses.replace(contestant, module="of_nobody")
    case = module("cases").case_of(DENSE)
    process = module("contestants").Process(
        contestant, case, 1, tmp_path, tmp_path
    )
    process.turn()
    assert process.end() == {
        "failure": "ModuleNotFoundError: No module named 'speedboard.of_nobody'"
    }


# The page.


def contestant(train, first, built=3.0):
    """Turns of some seconds in processor time, half as long by the clock."""
    return {
        "shapes": [],
        "versions": {},
        "device": None,
        "built": built,
        "first": [first, first / 2],
        "turns": [
            {"train": [s, s / 2], "sample": [s / 4, s / 8], "peak": 100 + s}
            for s in train
        ],
    }


@pytest.fixture
def row():
    """100 steps of 128 rows a turn: 1 s is 10 ms a step."""
    found = {
        "tfgen": contestant([1.0, 2.0, 1.5], first=4.5),
        "tfgen bfloat16": contestant([0.5, 0.5, 0.5], first=4.0),
        "earlier": contestant([2.0, 3.0, 3.0], first=5.0),
        "plain": contestant([1.5, 3.0, 2.0], first=3.0),
        "bare": contestant([0.5, 1.0, 1.0], first=2.0),
        "torch eager": contestant([2.0, 2.2, 2.1], first=3.0),
        "torch compile": contestant([1.0, 1.0, 3.0], first=30.0),
        "torch eager+bfloat16": contestant([0.4, 0.5, 0.6], first=3.0),
        "torch compile+bfloat16": {"failure": "RuntimeError: no"},
        "pythae": contestant([4.0, 4.0, 4.0], first=6.0),
    }
    return module("page").Row(DENSE, [{"found": found}])


def test_ratios_are_those_of_pairs(row):
    # 2 / 1, 3 / 2 and 3 / 1.5.
    assert row.ratio("earlier") == "2.00 (1.50-2.00)"
    assert row.ratio("tfgen", "tfgen bfloat16") == "3.00 (2.00-4.00)"
    assert row.ratio(None) == ""


def test_the_best_of_pytorch(row):
    # Medians 2.1 and 1.0.
    assert row.best("torch") == "torch compile"
    assert row.best("torch", half=True) == "torch eager+bfloat16"
    assert row.failures() == {"torch compile+bfloat16": "RuntimeError: no"}


def test_costs(row):
    assert row.step("tfgen") == pytest.approx(15.0)
    # The first turn less 99 steps of 15 ms; 3 s of imports and building.
    assert row.first_step("tfgen") == pytest.approx(4.5 - 0.99 * 1.5)
    assert row.startup("tfgen") == pytest.approx(7.5 - 0.99 * 1.5)
    assert row.peak("tfgen") == 102.0


def test_a_gpu_is_measured_by_the_clock(row):
    row.found[0]["tfgen"]["device"] = "NVIDIA T4"
    again = module("page").Row(DENSE, [{"found": row.found[0]}])
    assert again.step("tfgen") == pytest.approx(7.5)


def test_page(row):
    board = module("board").Board(
        threads=2, pairs=3, rows=(DENSE,), peers="", earlier="", commit="c0ffee"
    )
    run = {
        "row": DENSE,
        "seed": 0,
        "date": "2020-01-02",
        "versions": "tfgen 1",
        "processor": "2 x 8086",
        "build": "12ab",
        "found": row.found[0],
    }
    run["found"]["torch eager"]["versions"] = {"torch": "2.0"}
    text = module("page").page([board], lambda each: [run])
    for wanted in (
        "at commit `c0ffee`",
        "## 2 threads\n\n`python benchmarks/speed.py --threads 2 --pairs 3 "
        "--starts 1`; 2 x",
        f"| {DENSE} | 15.00 | 2.00 (1.50-2.00) | 1.50 (1.33-1.50) | "
        "1.00 (0.50-2.00) |",
        # 12,800 examples in 0.75 s of the clock.
        f"| {DENSE} | 17,067 | 2.00",
        f"| {DENSE} | 21.00 | **10.00** | **5.00** |",
        f"- {DENSE}, torch compile+bfloat16: RuntimeError: no",
    ):
        assert wanted in text
    assert max(map(len, text.split("##")[0].splitlines())) <= 80


def test_the_numbers_of_a_page_come_from_all_sessions(row):
    both = module("page").Row(DENSE, [{"found": row.found[0]}] * 2)
    assert len(both.seconds("tfgen")) == 6


# The script for a GPU.


def shellcheck():
    beside = pathlib.Path(sys.executable).with_name("shellcheck")
    return beside if beside.exists() else shutil.which("shellcheck")


def test_the_gpu_script_is_clean():
    if shellcheck() is None:
        pytest.skip("needs shellcheck")
    script = BENCHMARKS / "gpu_check.sh"
    done = subprocess.run(
        [shellcheck(), script], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_gpu_script_without_a_gpu(tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    done = subprocess.run(
        ["bash", BENCHMARKS / "gpu_check.sh", tmp_path / "out"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("gpu_check: nvidia-smi lists no GPU")


def test_networks_are_plain_keras(tmp_path):
    path = tmp_path / "networks.json"
    module("of_tfgen").write_networks(module("cases").case_of(DCGAN), path)
    assert "tfgen" not in path.read_text()
    assert list(json.loads(path.read_text())) == ["generator", "discriminator"]
