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


@pytest.mark.parametrize("strategy", ["none", "mirrored"])
def test_two_processes_end_alike(few_cases, strategy, run_with_data):
    arrays = {}
    for case in few_cases:
        x, y = case.data(40)
        arrays[f"{case.name}.x"] = x
        if y is not None:
            arrays[f"{case.name}.y"] = y
    codes = {case.name: case.code for case in few_cases}
    code = TRAIN.format(strategy=strategy, codes=codes)
    first, second = (run_with_data(code, arrays) for _ in range(2))
    assert first == second
    # 40 rows by 16 are 3 steps, twice.
    steps = [line.split()[2] for line in first.splitlines()]
    assert steps == ["6"] * len(few_cases)


def test_seed_draws_the_initial_weights(case):
    """Without disturbing the random numbers of whoever builds the model."""

    def digest(seed):
        weights = case.build(seed).get_weights()
        return hashlib.sha256(b"".join(w.tobytes() for w in weights)).digest()

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
