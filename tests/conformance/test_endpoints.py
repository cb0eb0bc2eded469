"""Endpoints take rows apart; one row's answer is its own."""

import numpy as np
import pytest

SEEDS = [0, -3, 2**62]


def test_rows_are_apart(various, built, inputs_of):
    """Asked together, in parts, or in batches of two."""
    model = built(various)
    x, y = various.data(7)
    for name, endpoint in model.endpoints().items():
        inputs = inputs_of(model, endpoint, x, y)
        whole = model.run_endpoint(name, inputs)
        parts = [
            model.run_endpoint(
                name, {key: array[rows] for key, array in inputs.items()}
            )
            for rows in (slice(0, 3), slice(3, 7))
        ]
        small = model.run_endpoint(name, inputs, batch_size=2)
        for key in whole:
            joined = np.concatenate([part[key] for part in parts])
            for other in (joined, small[key]):
                np.testing.assert_allclose(
                    whole[key], other, rtol=1e-5, atol=1e-6, err_msg=name
                )
            wanted = np.int64 if key == "codes" else np.float32
            assert whole[key].dtype == wanted
            assert len(whole[key]) == 7


def test_sample_row_depends_on_seed_and_number_alone(case, built):
    model = built(case)
    labels = 0 if case.classes else None
    many = model.sample(9, seed=5, labels=labels)
    assert many.shape == (9, *case.shape)
    assert many.dtype == np.float32
    few = model.sample(4, seed=5, labels=labels)
    small = model.sample(9, seed=5, labels=labels, batch_size=2)
    np.testing.assert_allclose(few, many[:4], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(small, many, rtol=1e-5, atol=1e-6)
    assert np.abs(many - model.sample(9, seed=6, labels=labels)).max() > 1e-3
    assert np.abs(many[1:] - many[:-1]).max() > 1e-3


def test_generate_is_sample(case, built):
    model = built(case)
    inputs = {"seed": np.array(SEEDS)}
    if case.classes:
        inputs["label"] = np.zeros(3, int)
    generated = model.run_endpoint("generate", inputs)["x"]
    samples = np.concatenate([model.sample(1, seed=seed) for seed in SEEDS])
    np.testing.assert_allclose(generated, samples, rtol=1e-5, atol=1e-6)


def test_classes_in_turn(case, built):
    if not case.classes:
        with pytest.raises(ValueError, match="not class-conditional"):
            built(case).sample(2, labels=0)
        return
    model = built(case)
    turns = np.arange(5) % case.classes
    np.testing.assert_array_equal(
        model.sample(5, seed=0), model.sample(5, seed=0, labels=turns)
    )


def test_without_a_seed_samples_differ(few):
    model = few.build()
    assert np.abs(model.sample(2) - model.sample(2)).max() > 0
