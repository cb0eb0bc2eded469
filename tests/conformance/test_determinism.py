"""One seed, one result: in any process, on one replica or on two."""

import hashlib
import random

import numpy as np
import pytest

TRAIN = """
import hashlib

strategy = tfgen.training.get_strategy({strategy!r})
for name, code in {codes}.items():
    with strategy.scope():
        model = eval(code)
        model.compile()
    x, y = data[name + ".x"], data.get(name + ".y")
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    weights = b"".join(w.tobytes() for w in model.get_weights())
    print(name, hashlib.sha256(weights).hexdigest(), model.steps_done)
"""


@pytest.mark.xdist_group("trained_on_40_rows")
def test_another_process_ends_alike(
    families, trained_on_40_rows, run_in_new_process
):
    lines = run_in_new_process("none", families)
    for case, line in zip(families, lines, strict=True):
        weights = trained_on_40_rows(case).weights
        # 40 rows by 16 are 3 steps, twice.
        assert line == f"{case.name} {sha256(weights)} 6"


# Beside a resume on two replicas in tests/callbacks/test_checkpoint.py.
@pytest.mark.slow
def test_two_processes_of_two_replicas_end_alike(one, run_in_new_process):
    first, second = (run_in_new_process("mirrored", [one]) for _ in range(2))
    assert first == second
    assert first[0].split()[2] == "6"


@pytest.fixture
def run_in_new_process(run_with_data):
    """Trains cases; gives a line of each, with the digest of its weights."""

    def run(strategy, cases):
        arrays = {}
        for case in cases:
            x, y = case.data(40)
            arrays[f"{case.name}.x"] = x
            if y is not None:
                arrays[f"{case.name}.y"] = y
        codes = {case.name: case.code for case in cases}
        code = TRAIN.format(strategy=strategy, codes=codes)
        return run_with_data(code, arrays).splitlines()

    return run


def sha256(weights):
    return hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()


def test_seed_draws_the_initial_weights(various):
    """Without disturbing the random numbers of whoever builds the model."""

    def digest(seed):
        return sha256(various.build(seed).get_weights())

    random.seed(1)
    state = random.getstate()
    first = digest(0)
    assert random.getstate() == state
    random.seed(2)
    assert digest(0) == first
    assert digest(1) != first


def test_other_seed_other_training(few):
    x, y = few.data(32)

    def weights(seed):
        model = few.build(0)
        model.seed = seed
        model.compile("sgd", run_eagerly=True)  # one step
        model.fit(x, y, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()[2:]])

    np.testing.assert_array_equal(weights(0), weights(0))
    assert np.any(weights(0) != weights(1))
