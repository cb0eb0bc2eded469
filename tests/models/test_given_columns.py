"""A decoder of a mixed table that is told columns of a row."""

import math
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tfgen
from tfgen.data.table_parts import TableParts
from tfgen.models.given_columns import GivenColumns
from tfgen.probability.table_row import Within
from tfgen.training import GlobalBatch

warnings.simplefilter("ignore", tfgen.data.DataNote)

PARTS = TableParts(("number", 3, "number or 1"))
X = np.float32([[0.5, 2, -1.5, 0], [1.0, 0, 0.0, 1]])


def test_what_the_decoder_is_told():
    columns = GivenColumns(PARTS)
    assert (columns.count, columns.turns) == (3, 3)
    given = np.float32([[0, 1, 1], [1, 0, 1]])
    told = columns.told(X, given, latents=True).numpy()
    # Two numbers, a code of 2 beside the second, a code of 3, which are given.
    # Codes stand by how many there are, in the order of their first column.
    np.testing.assert_array_equal(
        told,
        [
            [0, -1.5, 0, 0, 1, 1, 0, 0, 1, 1, 0],
            [1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0],
        ],
    )
    alone = columns.told(X, given, latents=False).numpy()
    np.testing.assert_array_equal(alone - told, [[0] * 10 + [1]] * 2)
    assert columns.size == 11
    np.testing.assert_array_equal(
        columns.hidden(given), [[1, 0, 0, 0], [0, 1, 0, 0]]
    )
    broken = np.where([[True, False, False, False]] * 2, np.nan, X)
    assert np.isfinite(
        columns.told(broken, given, latents=True).numpy()[0]
    ).all()


def test_columns_of_which_one_or_any_value_may_be():
    columns = GivenColumns(PARTS)
    inf = math.inf
    # Of each row: a number, 3 codes, a number, 2 codes beside it.
    rows = [
        ((1, 1), (1, 0, 0), (2, 2), (1, 0)),  # all certain
        ((-inf, inf), (1, 1, 1), (-inf, inf), (1, 1)),  # all free
        ((1, 2), (1, 1, 0), (-inf, inf), (0, 1)),  # the last is a gap
        ((-inf, 2), (0, 1, 0), (1, 2), (1, 0)),  # one code
        ((2, 2), (1, 1, 1), (3, 3), (1, 1)),  # 3, or a gap
    ]
    ends = lambda i: np.float32([[a[i], 0, b[i], 0] for a, _, b, _ in rows])  # noqa: E731
    allowed = np.float32([[*c, *d] for _, c, _, d in rows])
    within = Within(ends(0), ends(1), tf.constant(allowed))
    np.testing.assert_array_equal(
        columns.certain(within),
        [[1, 1, 1], [0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]],
    )
    np.testing.assert_array_equal(
        columns.free(within),
        [[0, 0, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0]],
    )


def test_columns_are_given_as_in_drawing():
    columns = GivenColumns(TableParts((2,) * 5))
    batch = GlobalBatch(np.zeros((9000, 5), "float32"), None, seed=0, step=0)
    turns = columns.earlier(batch).numpy()
    np.testing.assert_array_equal(turns, -np.sort(-turns, axis=1))
    shares = np.bincount(turns.sum(axis=1).astype(int)) / 9000
    np.testing.assert_allclose(shares, [0.2] * 5, atol=0.02)
    given = columns.asked(batch).numpy()
    count = given.sum(axis=1)
    # One column of 5, with 1/2 + 1/10 no turn before; or 0 to 5 as often.
    no_turn = 1 / 2 + 1 / 10
    sorts = {
        "nothing": (count == 0, no_turn / 2 / 6),
        "the last alone": (
            (count == 1) & (given[:, 4] == 1),
            no_turn / 2 * (1 / 5 + 1 / 6 / 5),
        ),
    }
    for name, (found, wanted) in sorts.items():
        assert found.mean() == pytest.approx(wanted, abs=0.01), name
    assert given.mean(axis=0).min() > 0.3


def test_rare_codes_count_as_the_logarithm_of_their_rows():
    columns = GivenColumns(TableParts((2, 2)))
    x = np.float32([[0, 0]] * 7 + [[1, 0]])
    batch = GlobalBatch(x, None, seed=0, step=0)
    given = np.float32([[1, 0]] * 6 + [[0, 0], [1, 0]])
    weights = columns.weights(batch, x, given).numpy()
    often = np.array([math.log(8), math.log(2)])
    wanted = often / often.sum() / np.array([7, 1]) * 8
    np.testing.assert_allclose(weights[:6], wanted[0], rtol=1e-5)
    np.testing.assert_allclose(weights[6:], [1.0, wanted[1]], rtol=1e-5)


class Twins(keras.Layer):
    """Logits by which column b is what column a is given as, if it is given."""

    def call(self, inputs):
        latents, told = inputs
        even = 0.0 * told[:, :2]
        return tf.concat([even, 50.0 * told[:, :2] + 0.0 * latents], axis=-1)


def twins():
    told = keras.Input((7,))
    x, z = keras.Input((2,)), keras.Input((1,))
    return tfgen.VAE(
        keras.Model(x, keras.layers.Dense(2)(x)),
        keras.Model([z, told], Twins()([z, told])),
        tfgen.probability.Table([2, 2]),
    )


def test_a_column_is_drawn_given_those_before():
    rows = twins().sample(500, seed=0)
    np.testing.assert_array_equal(rows[:, 0], rows[:, 1])
    assert 0.4 < rows[:, 0].mean() < 0.6
    np.testing.assert_array_equal(twins().sample(7, seed=0), rows[:7])
    # The bound is that of columns each by itself, told nothing.
    scored = twins().run_endpoint("score", {"x": rows})["log_likelihood"]
    np.testing.assert_allclose(scored, -2 * math.log(2), rtol=1e-5)


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(0)
    size = rng.choice(["s", "m", "l"], 400)
    table = pd.DataFrame({
        "express": np.where(rng.random(400) < 0.1, "yes", "no"),
        "size": size,
        "weight": (np.select([size == "s", size == "m"], [1, 5], 20)
                   + rng.normal(0, 0.3, 400)).round(1),
    })  # fmt: skip
    table["priority"] = np.where(
        table["express"] == "yes", "high", rng.choice(["low", "mid"], 400)
    )
    source = tfgen.data.from_arrays(table)
    model = tfgen.build("vae", data=source, seed=0)
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(source, batch_size=64, epochs=80, verbose=0)
    return model


def test_sharp_dependences_are_learned(learned):
    """A code that goes with another, in samples and under conditions."""
    from tfgen.data.columns import restored

    x = learned.reading.to_data_units(learned.sample(1000, seed=0))
    rows = pd.DataFrame(restored(learned.reading.columns, x))
    is_high = rows["priority"] == "high"
    assert (is_high == (rows["express"] == "yes")).mean() > 0.97
    assert 0.06 < is_high.mean() < 0.14
    asked = learned.sample_where("express=yes,size=l", 300, seed=0)
    assert (asked["priority"] == "high").mean() > 0.9
    assert asked["weight"].between(18, 22).mean() > 0.85
    # A column before those that are asked for, where one of ten is "yes".
    asked = learned.sample_where("priority=high", 300, seed=0)
    assert (asked["express"] == "yes").mean() > 0.8


def test_options():
    def build(**options):
        return tfgen.build("vae", input_shape=(2,), columns=[3, 2], **options)

    assert build().given_columns.size == 8
    assert build(given_columns=False).given_columns is None
    assert build(num_classes=2).given_columns is None
    with pytest.raises(ValueError, match="but the model is told classes"):
        build(num_classes=2, given_columns=True)
    with pytest.raises(ValueError, match="but the data are no mixed table"):
        tfgen.build("vae", input_shape=(2,), given_columns=True)
