"""Searches as a user runs them, in this process."""

import csv
import gc
import html
import json
import re
import weakref

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.compat.v1.train import summary_iterator

import tfgen
from tfgen.callbacks import Pace, read_history
from tfgen.tuning import Search, TrialFailed, VAEHyperModel


@pytest.fixture(scope="module")
def data():
    return (
        tfgen.data.load("iris", split="train"),
        tfgen.data.load("iris", split="validation"),
    )


def small_vae(rate=0.01, **options):
    vae = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=1,
        network="mlp",
        network_options={"units": (4,)},
        seed=0,
        **options,
    )
    vae.compile(keras.optimizers.SGD(rate))
    return vae


def by_rate(hp):
    return small_vae(hp.Choice("rate", [1e-4, 1e-2, 3e-3, 1e-3]))


def test_a_search(data, tmp_path, capsys, monkeypatch):
    """Scores are those of trainings that are made by hand."""
    monkeypatch.undo()  # with pictures
    search = Search(
        by_rate, *data, tmp_path / "s", tuner="grid", trials=2, max_epochs=2
    )
    best = search.run()
    scores = {}
    train, validation = data
    for record in search.records():
        assert record.status == "completed"
        vae = small_vae(record.values["rate"])
        history = vae.fit(
            train.batches(6, seed=0),
            epochs=2,
            validation_data=validation,
            verbose=0,
        ).history["val_negative_elbo"]
        scores[record.values["rate"]] = min(history)
        assert record.score == pytest.approx(min(history), rel=1e-6)
        assert record.best_epoch == 1 + int(np.argmin(history))
        assert (record.folder / "samples.png").exists()
        events = search.folder.tensorboard / record.trial_id
        kinds = {
            value.metadata.plugin_data.plugin_name
            for file in events.rglob("events.*")
            for event in summary_iterator(str(file))
            for value in event.summary.value
        }
        assert kinds >= {"hparams", "images", "scalars"}
    assert best.values["rate"] == min(scores, key=scores.get)
    assert search.best_model().sample(3).shape == (3, 4)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("2 of 4 combinations, of which the last hyp")
    assert [line.split()[:3] for line in lines] == [
        ["trial", f"000{i}", f"{i + 1}/2"] for i in range(2)
    ]
    with open(tmp_path / "s" / "trials.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows] == [
        record.score for record in search.records()
    ]
    content = json.loads((tmp_path / "s" / "best.json").read_text())
    assert content["values"] == best.values
    # The page's code for models that `tfgen train` cannot build.
    page = html.unescape((tmp_path / "s" / "report.html").read_text())
    exec(re.search("<pre>(import [^<]*)</pre>", page)[1], loaded := {})
    for a, b in zip(
        loaded["model"].get_weights(),
        search.best_model().get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_an_interrupted_search_goes_on(data, tmp_path, capsys, monkeypatch):
    """In the middle of a trial; the result is that of one that was not."""
    monkeypatch.setattr(Pace, "is_due", lambda *_, **__: True)
    whole = Search(by_rate, *data, tmp_path / "a", trials=2, max_epochs=3)
    best = whole.run()
    stops = [2, 4]

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            calls.append(epoch)
            if len(calls) in stops:
                raise KeyboardInterrupt

    class HyperModel(keras_tuner.HyperModel):
        def build(self, hp):
            return by_rate(hp)

        def fit(self, hp, model, *args, callbacks, **kwargs):
            return model.fit(*args, callbacks=[Stop(), *callbacks], **kwargs)

    calls = []
    for _ in stops:
        with pytest.raises(KeyboardInterrupt):
            Search(
                HyperModel(), *data, tmp_path / "b", trials=2, max_epochs=3
            ).run()
    again = Search(HyperModel(), *data, tmp_path / "b", trials=2, max_epochs=3)
    assert again.run().score == best.score
    for one, other in zip(whole.records(), again.records(), strict=True):
        assert (one.trial_id, one.values) == (other.trial_id, other.values)
        histories = [
            read_history(record.folder / "history.csv")
            for record in (one, other)
        ]
        for history in histories:
            del history["seconds"]
        assert histories[0] == histories[1]
    # Epochs that a checkpoint held were not trained again.
    assert len(calls) == 6 + 2
    capsys.readouterr()
    search = Search(HyperModel(), *data, tmp_path / "b", trials=3, max_epochs=3)
    search.run()
    assert "going on: 2 trials have ended" in capsys.readouterr().out
    assert len(search.records()) == 3
    assert len(calls) == 6 + 2 + 3


def test_failures_are_kept_with_their_reasons(data, tmp_path, capsys):
    class Spoil(keras.callbacks.Callback):
        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def on_epoch_end(self, epoch, logs=None):
            if self.kind in ("nan", "inf"):
                logs["val_negative_elbo"] = float(self.kind)

    class HyperModel(keras_tuner.HyperModel):
        def build(self, hp):
            hp.Choice("kind", list(REASONS), default="fine")
            return small_vae()

        def fit(self, hp, model, *args, callbacks, **kwargs):
            kind = hp.get("kind")
            if kind == "error":
                raise RuntimeError("this kind\ncannot be trained")
            if kind == "memory":
                raise MemoryError
            if kind == "resources":
                raise tf.errors.ResourceExhaustedError(None, None, "no room")
            callbacks = [Spoil(kind), *callbacks]
            return model.fit(*args, callbacks=callbacks, **kwargs)

    search = Search(
        HyperModel(),
        *data,
        tmp_path / "s",
        tuner="grid",
        trials=6,
        max_epochs=1,
    )
    best = search.run()
    assert best.values["kind"] == "fine"
    reasons = {r.values["kind"]: r.reason for r in search.records()}
    assert reasons == REASONS
    out = capsys.readouterr().out
    assert "failed: out of memory: MemoryError" in out
    assert (
        "failed: out of memory"
        not in (tmp_path / "s" / "best.json").read_text()
    )
    assert "MemoryError" in (tmp_path / "s" / "trials.csv").read_text()


REASONS = {
    "error": "RuntimeError: this kind cannot be trained",
    "memory": "out of memory: MemoryError",
    "resources": "out of memory: ResourceExhaustedError: no room",
    "nan": "val_negative_elbo is nan in epoch 1",
    "inf": "val_negative_elbo is inf in epoch 1",
    "fine": "",
}


def test_all_trials_failed(data, tmp_path):
    class HyperModel(keras_tuner.HyperModel):
        def build(self, hp):
            hp.Float("unused", 0.0, 1.0)
            return small_vae()

        def fit(self, *args, **kwargs):
            raise RuntimeError("no room")

    search = Search(HyperModel(), *data, tmp_path / "s", trials=20)
    expected = (
        r"all 5 trials in .*/s failed: RuntimeError: no room \(5 times\)\. "
        "Narrow the search"
    )
    with pytest.raises(TrialFailed, match=expected):
        search.run()


def test_a_trial_without_progress_ends(data, tmp_path):
    def build(hp):
        hp.Choice("rate", [0.0])
        return small_vae(1e-12)

    search = Search(build, *data, tmp_path / "s", max_epochs=20, patience=2)
    best = search.run()
    history = read_history(best.folder / "history.csv")
    values = history["val_negative_elbo"]
    assert len(values) == best.epochs == best.best_epoch + 2 < 20
    assert min(values) == values[best.best_epoch - 1] == best.score


def test_a_trial_does_not_end_before_it_was_measured_again(data, tmp_path):
    """Of 100 epochs each fifth is measured."""

    def build(hp):
        hp.Choice("rate", [0.0])
        return small_vae(1e-12)

    search = Search(
        build,
        *data,
        tmp_path / "s",
        objective="reconstruction_error",
        max_epochs=100,
        patience=2,
    )
    best = search.run()
    assert (best.best_epoch, best.epochs) == (1, 5)


@pytest.mark.slow  # beside the search of tests/cli/test_tune.py
def test_hyperband_goes_on_with_the_best(data, tmp_path):
    search = Search(
        by_rate,
        *data,
        tmp_path / "s",
        tuner="hyperband",
        trials=3,
        max_epochs=3,
    )
    search.run()
    more = Search(
        by_rate,
        *data,
        tmp_path / "s",
        tuner="hyperband",
        trials=4,
        max_epochs=3,
    )
    with pytest.raises(ValueError, match="begun with trials 3, got 4"):
        more.run()
    search.run()
    promoted = [record for record in search.records() if record.parent]
    assert promoted
    # Brackets of 1 and 2 configurations; of the 2 one goes on.
    page = (tmp_path / "s" / "report.html").read_text()
    assert "4 of at most 4" in page
    parents = {record.trial_id: record for record in search.records()}
    for record in promoted:
        parent = parents[record.parent]
        assert record.values["rate"] == parent.values["rate"]
        assert (parent.epochs, record.epochs) == (1, 3)
        # One training of three epochs.
        vae = small_vae(record.values["rate"])
        history = vae.fit(
            data[0].batches(6, seed=0),
            epochs=3,
            validation_data=data[1],
            verbose=0,
        ).history["val_negative_elbo"]
        found = read_history(record.folder / "history.csv")
        np.testing.assert_allclose(found["val_negative_elbo"], history, 1e-6)


# That trainings end alike, tests/conformance/test_replicas.py shows.
@pytest.mark.slow
def test_one_and_two_replicas_find_the_same(data, tmp_path):
    searches = [
        Search(
            by_rate,
            *data,
            tmp_path / strategy,
            tuner="grid",
            trials=2,
            max_epochs=1,
            strategy=strategy,
        )
        for strategy in ("none", "mirrored")
    ]
    one, two = (search.run() for search in searches)
    assert one.values == two.values
    for first, second in zip(*(s.records() for s in searches), strict=True):
        assert first.values == second.values
        assert first.score == pytest.approx(second.score, rel=1e-5)


def test_refused(data, tmp_path):
    def make(name="s", hypermodel=by_rate, **options):
        return Search(hypermodel, *data, tmp_path / name, **options)

    with pytest.raises(ValueError, match="needs the metric fid in valid"):
        make(objective="fid:min")
    three = (data[0], data[1].take(3), tmp_path / "s")
    with pytest.raises(ValueError, match="coverage takes 6 held-out examples"):
        Search(by_rate, *three, objective="frechet_distance + coverage")
    few = Search(by_rate, *three, objective="frechet_distance")
    assert few.measures == ()  # coverage, where there are enough
    with pytest.raises(ValueError, match="trials is 0, expected 1 or more"):
        make(trials=0)
    with pytest.raises(
        ValueError, match="tuner is .best., expected one of random"
    ):
        make(tuner="best").run()
    with pytest.raises(ValueError, match="hypermodel is 3, expected a keras_t"):
        make(hypermodel=3)
    space = {"likelihood": ["gaussian", "bernoulli"]}
    with pytest.raises(ValueError, match="has the likelihoods gaussian, bern"):
        make(hypermodel=VAEHyperModel(data[0], space))
    densities = {"likelihood": ["gaussian", "continuous_bernoulli"]}
    make("d", hypermodel=VAEHyperModel(data[0], densities))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match="not empty and holds no search"):
        make().run()
    make("t", trials=1, max_epochs=1).run()
    with pytest.raises(ValueError, match="begun with max_epochs 1, got 2"):
        make("t", trials=1, max_epochs=2).run()
    with pytest.raises(ValueError, match="begun with space another, got this"):
        make(
            "t",
            lambda hp: small_vae(hp.Float("r", 0, 1)),
            trials=1,
            max_epochs=1,
        ).run()


def test_one_seed_for_all(data, tmp_path):
    hypermodel = VAEHyperModel(data[0])
    search = Search(hypermodel, *data, tmp_path / "s", seed=5)
    values = keras_tuner.HyperParameters()
    assert search.hypermodel.settings(values)["seed"] == 5
    assert hypermodel.settings(values)["seed"] == 0
    hypermodel = VAEHyperModel(data[0], seed=3)
    with pytest.raises(ValueError, match="has seed 3 and the search seed 5"):
        Search(hypermodel, *data, tmp_path / "s", seed=5)


def test_names_with_a_scope_are_settings(data, tmp_path):
    def build(hp):
        with hp.name_scope("encoder"):
            hp.Int("units", 2, 8)
        return small_vae()

    search = Search(build, *data, tmp_path / "s", trials=1, max_epochs=1)
    best = search.run()
    assert search.settings_of(best) == best.values == {"encoder/units": 2}


def test_a_metric_of_the_model_is_reported(data, tmp_path):
    search = Search(
        by_rate,
        *data,
        tmp_path / "s",
        report=["kl_loss:min"],
        trials=1,
        max_epochs=1,
    )
    assert "kl_loss" in {measure.name for measure in search.measures}
    with pytest.raises(ValueError, match="is no measure, expected a name"):
        Search(by_rate, *data, tmp_path / "t", report=["2*kl_loss:min"])


def test_memory_of_a_trial_is_free_after_it(data, tmp_path):
    weights = []

    def build(hp):
        vae = small_vae(hp.Choice("rate", [1e-2, 3e-3, 1e-3]))
        weights.append(weakref.ref(vae.trainable_variables[0].value.handle))
        return vae

    Search(build, *data, tmp_path / "s", trials=2, max_epochs=1).run()
    gc.collect()
    assert len(weights) > 2
    assert [ref for ref in weights if ref() is not None] == []
