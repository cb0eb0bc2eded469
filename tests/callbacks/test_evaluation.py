"""Metrics of samples in the logs, for whatever looks at them."""

import copy

import keras
import numpy as np
import pytest

import tfgen
from tfgen.callbacks import Evaluation, HistoryFile, read_history
from tfgen.metrics import (
    Coverage,
    FrechetDistance,
    InceptionScore,
    KernelDistance,
    Recall,
)

NAMES = {
    "val_frechet_distance",
    "val_kernel_distance",
    "val_density",
    "val_coverage",
}


def fit(model, images, *callbacks, epochs=3, **options):
    return model.fit(
        images,
        batch_size=16,
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        **options,
    ).history


@pytest.fixture
def extractor():
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((4, 4, 1))
    x = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(x))
    logits = keras.layers.Dense(3)(x)
    return keras.Model(inputs, {"features": x, "logits": logits})


def test_values_are_those_of_the_metrics(make_model, images):
    model = make_model()
    history = fit(model, images, Evaluation(images), epochs=1)
    x, samples = (
        np.round(pixels * 255) / 255
        for pixels in (images.arrays()[0], model.sample(1000, seed=0))
    )
    distances = FrechetDistance(), KernelDistance(max_rows=1000)
    for metric, count in zip(
        (*distances, Coverage()), (1000, 1000, len(x)), strict=True
    ):
        metric.update_state(real=x, generated=samples[:count])
        (found,) = history["val_" + metric.name]
        assert found == pytest.approx(metric.result(), rel=1e-5)
    assert NAMES < set(history)


def test_one_pass_of_the_extractor_for_all(make_model, images, extractor):
    metrics = [Coverage(), Recall(), InceptionScore()]
    evaluation = Evaluation(
        images, metrics, extractor, num_samples=30, prefix="test_"
    )
    model = make_model()
    history = fit(model, images, evaluation, epochs=1)
    assert "test_recall" in history
    samples = np.round(model.sample(30, seed=0) * 255) / 255
    score = InceptionScore(extractor)
    score.update_state(generated=samples)
    assert history["test_inception_score"] == [pytest.approx(score.result())]


def test_repeats_values_between(make_model, images):
    class Count(Evaluation):
        calls = 0

        def _evaluate(self):
            self.calls += 1
            return super()._evaluate()

    evaluation = Count(images, every=3)
    values = fit(make_model(), images, evaluation, epochs=5)
    values = values["val_frechet_distance"]
    assert evaluation.calls == 2  # after epochs 1 and 3
    assert values[0] == values[1] != values[2] == values[3] == values[4]


def test_same_seed_each_time(make_model, images):
    model = make_model()
    model.optimizer.learning_rate = 0.0
    values = fit(model, images, Evaluation(images), epochs=2)
    for name in NAMES:
        assert values[name][0] == values[name][1]


def test_early_stopping_and_files(make_model, images, tmp_path):
    stop = keras.callbacks.EarlyStopping(
        "val_frechet_distance", mode="min", patience=1
    )
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras",
        "val_frechet_distance",
        mode="min",
        save_best_only=True,
    )
    file = HistoryFile(tmp_path / "history.csv")
    model = make_model()
    model.optimizer.learning_rate = 0.0  # nothing gets better
    evaluation = Evaluation(images)
    history = fit(model, images, evaluation, stop, best, file, epochs=9)
    assert stop.stopped_epoch == 1
    assert len(history["val_frechet_distance"]) == 2
    assert (tmp_path / "best.keras").exists()
    found = read_history(tmp_path / "history.csv")
    assert found["val_coverage"] == history["val_coverage"]


def test_goes_down_where_a_model_learns():
    train, held_out = (
        tfgen.data.load("digits", split=split).to_range((0, 1))
        for split in ("train", "validation")
    )
    model = tfgen.build(
        "vae",
        input_shape=train.shape,
        latent_dim=4,
        network="mlp",
        network_options={"units": (64,)},
        seed=0,
    )
    model.compile(keras.optimizers.Adam(3e-3))
    history = fit(model, train, Evaluation(held_out), epochs=6)
    for name in ("val_frechet_distance", "val_kernel_distance"):
        assert history[name][-1] < 0.8 * history[name][0]
    assert history["val_coverage"][-1] > history["val_coverage"][0]


def test_conditional_model_gets_the_labels(make_model, images):
    model = make_model(num_classes=2)
    asked = []
    draw = model.sample
    model.sample = lambda n, **options: (
        asked.append(options["labels"]) or draw(n, **options)
    )
    fit(model, images, Evaluation(images), epochs=1)
    assert len(asked[0]) == 1000
    np.testing.assert_array_equal(asked[0][:40], images.labels)
    np.testing.assert_array_equal(asked[0][40:80], images.labels)
    with pytest.raises(ValueError, match="has no labels"):
        unlabelled = tfgen.data.from_arrays(
            images.arrays()[0], value_range=(0, 1)
        )
        fit(model, images, Evaluation(unlabelled), epochs=1)


def test_arrays_and_sources_of_another_range(make_model, images):
    held_out = [images, images.to_range((-1, 1)), images.arrays()[0]]
    found = [
        fit(make_model(), images, Evaluation(x), epochs=1) for x in held_out
    ]
    for name in NAMES:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-4)
        assert found[0][name] == found[2][name]


def test_tables(make_model):
    x = np.float32(np.random.default_rng(0).normal(size=(50, 3)))
    model = make_model(input_shape=(3,))
    history = fit(model, x, Evaluation(x), epochs=1)
    metric = FrechetDistance()
    metric.update_state(real=x, generated=model.sample(1000, seed=0))
    assert history["val_frechet_distance"] == [pytest.approx(metric.result())]


def test_replicas(make_model, images, two_replicas, extractor):
    def run():
        model = make_model(run_eagerly=False)
        return fit(model, images, Evaluation(images, extractor=extractor))

    one = run()
    with two_replicas.scope():
        two = run()
    for name in NAMES:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-3)


def test_samples_that_are_not_finite(make_model, images):
    model = make_model()
    draw, broken = model.sample, [True]

    def sample(*args, **options):
        return draw(*args, **options) * (np.nan if broken.pop() else 1)

    model.sample = sample
    broken[:] = [False, True]
    values = fit(model, images, Evaluation(images), epochs=2)
    assert np.isnan(values["val_coverage"]).tolist() == [True, False]


def test_a_copy_as_the_tuner_makes_one(make_model, images, extractor):
    evaluation = Evaluation(images, extractor=extractor)
    first = fit(make_model(), images, copy.deepcopy(evaluation), epochs=1)
    again = fit(make_model(), images, copy.deepcopy(evaluation), epochs=1)
    assert first == again
    assert evaluation.metrics[0]._sides["real"].count == 0


class TestRefused:
    def test_too_few_examples(self, make_model, images):
        with pytest.raises(ValueError, match="5 held-out .* pass 6 or more"):
            fit(make_model(), images, Evaluation(images.take(5)))

    def test_metrics_of_one_name(self, images):
        with pytest.raises(ValueError, match="a name of its own"):
            Evaluation(images, [Coverage(), Coverage(k=3)])

    def test_an_extractor_in_the_wrong_place(self, images, extractor):
        with pytest.raises(ValueError, match="pass the extractor to"):
            Evaluation(images, [Coverage(extractor=extractor)])

    def test_every(self, images):
        with pytest.raises(ValueError, match="every is 0"):
            Evaluation(images, every=0)
