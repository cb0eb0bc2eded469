"""A model knows how its data were read."""

import keras
import numpy as np
import pytest

import tfgen
from tfgen.callbacks.sample_comparison import fixed_examples
from tfgen.data import from_arrays
from tfgen.models.with_reading import in_data_units

ROWS = np.random.default_rng(0).normal([5, 1e9], [2, 1e3], (40, 2))
KINDS = np.array(["cat", "dog", "dog", "dog"] * 10)


@pytest.fixture(scope="module")
def train():
    return from_arrays(ROWS, KINDS, feature_names=("size", "time"))


@pytest.fixture(scope="module")
def model(train):
    model = tfgen.build("vae", input_shape=(2,), latent_dim=1, num_classes=2)
    model.compile(run_eagerly=True)
    model.fit(train, batch_size=40, verbose=0)
    return model


def test_a_saved_model_knows_it(model, train, tmp_path):
    model.save(tmp_path / "m.keras")
    loaded = tfgen.load(tmp_path / "m.keras")
    assert loaded.reading == model.reading == train.reading
    few = from_arrays(
        np.c_[ROWS[:3, 1], ROWS[:3, 0]],
        KINDS[:3],
        feature_names=("time", "size"),
        like=loaded,
    )
    x, labels = train.rows([0, 1, 2])
    np.testing.assert_array_equal(few.arrays()[0], x)
    np.testing.assert_array_equal(few.arrays()[1], labels)


def test_a_model_of_arrays_has_none(tmp_path):
    model = tfgen.build("vae", input_shape=(2,), latent_dim=1)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.reading is None
    assert in_data_units(loaded) is loaded
    with pytest.raises(ValueError, match="trained on plain arrays"):
        from_arrays(ROWS, like=loaded)


def test_more_data_are_scaled_as_the_first(model, train):
    new = from_arrays(
        ROWS[:10] + [2, 0], KINDS[:10], feature_names=("size", "time")
    )
    read = model.read(new)
    size = (ROWS[:10, 0] + 2 - ROWS[:, 0].mean()) / ROWS[:, 0].std()
    np.testing.assert_allclose(read.arrays()[0][:, 0], size, rtol=1e-5)
    as_read = model.evaluate(read, verbose=0)
    np.testing.assert_array_equal(model.evaluate(new, verbose=0), as_read)


def test_classes_that_training_had_not_are_refused(model):
    birds = from_arrays(ROWS, ["bird"] * 40, feature_names=("size", "time"))
    with pytest.raises(ValueError, match="the classes 'bird' beside"):
        model.fit(birds, verbose=0)


def test_rows_come_and_go_in_the_units_of_the_data(model, train):
    raw = in_data_units(model)
    ours, labels = train.arrays()
    scores = raw.run_endpoint("score", {"x": ROWS, "label": labels})["score"]
    np.testing.assert_allclose(scores, model.score(ours, labels), rtol=1e-6)
    made = raw.run_endpoint("generate", {"seed": [3], "label": [0]})["x"]
    sample = model.sample(1, seed=3, labels=0)
    np.testing.assert_allclose(made, train.original_units(sample), rtol=1e-6)


def test_labels_are_drawn_as_often_as_in_training(model):
    drawn = model.draw_labels(4000, seed=1)
    # Binomial: 4,000 of share 3/4, with a standard deviation of 27.
    assert abs(drawn.sum() - 3000) < 4 * 27
    np.testing.assert_array_equal(model.draw_labels(7, seed=1), drawn[:7])
    balanced = model.draw_labels(4, seed=1, balanced=True)
    assert balanced.tolist() == [0, 1, 0, 1]
    named = [model.class_number(name) for name in ("cat", "dog", "1")]
    assert named == [0, 1, 1]
    assert set(model.draw_labels(99, seed=-1).tolist()) == {0, 1}
    by_number = model.sample(2, seed=0, labels=[1, 0])
    by_name = model.sample(2, seed=0, labels=["dog", "cat"])
    np.testing.assert_array_equal(by_name, by_number)
    with pytest.raises(
        ValueError, match="'cow'; expected one of the classes cat, dog"
    ):
        model.class_number("cow")


def test_methods_take_a_source(model, train):
    raw = from_arrays(
        np.c_[ROWS[:, 1], ROWS[:, 0]], KINDS, feature_names=("time", "size")
    )
    x, labels = train.arrays()
    for method in (model.score, model.encode, model.reconstruct):
        np.testing.assert_array_equal(method(raw), method(x, labels))
    seeds = np.arange(40)
    np.testing.assert_array_equal(
        model.encode_sample(raw, seeds=seeds),
        model.encode_sample(x, labels, seeds=seeds),
    )
    unlabelled = from_arrays(ROWS, feature_names=("size", "time"))
    np.testing.assert_array_equal(
        model.score(unlabelled, labels), model.score(x, labels)
    )
    with pytest.raises(ValueError, match="it has no labels"):
        model.score(unlabelled)


def test_evaluation_and_pictures_read_a_source_so(model, train):
    raw = from_arrays(3 * ROWS[:, ::-1], KINDS, feature_names=("time", "size"))
    read = raw.read_like(train.reading, with_classes=True)
    subject = tfgen.evaluation.Subject(model, raw, raw, raw.take(9))
    for found in (subject.train, subject.validation):
        np.testing.assert_array_equal(found.arrays()[0], read.arrays()[0])
    assert len(subject.test) == 9
    for draw in (
        tfgen.pictures.samples_picture,
        tfgen.pictures.reconstructions_picture,
        tfgen.pictures.latents_picture,
    ):
        np.testing.assert_array_equal(draw(model, raw), draw(model, read))
    x, _ = fixed_examples(model, raw, 100, seed=0)
    np.testing.assert_array_equal(x, read.arrays()[0])
