"""Private trainings: what they spend, go on with, leave and refuse."""

import json
import types

import keras
import numpy as np
import pytest

import tfgen
from tfgen.models.data_start import start_from_data
from tfgen.privacy import Privacy, epsilon_spent
from tfgen.privacy.privacy import completed, get_privacy
from tfgen.runs.privacy_file import PrivacyFile, refuse_more_epochs
from tfgen.runs.run import Run

X = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
SMALL = {"network": "mlp", "network_options": {"units": (4,)}, "seed": 0}


def built(family="vae", privacy="epsilon=4,delta=1e-3", **options):
    model = tfgen.build(
        family,
        **{
            "input_shape": (3,),
            "latent_dim": 2,
            "privacy": privacy,
            **SMALL,
            **options,
        },
    )
    model.compile()
    return model


def fit(model, epochs=2, **options):
    return model.fit(
        X, batch_size=12, epochs=epochs, verbose=0, **options
    ).history


@pytest.fixture(scope="module")
def trained():
    model = built()
    return model, fit(model)


def test_the_history_says_what_was_spent(trained):
    model, history = trained
    noise = model.private_training.noise_multiplier
    expected = [epsilon_spent(noise, 12 / 60, n, 1e-3) for n in (5, 10)]
    assert history["epsilon"] == pytest.approx(expected)
    assert 3.96 < expected[-1] <= 4.0
    assert history["loss"][0] > 0  # means over the rows that were drawn


def test_no_more_is_spent_than_was_promised(trained):
    model, _ = trained
    with pytest.raises(ValueError, match=r"promised: train for 1\d steps at"):
        fit(model, epochs=1)
    with pytest.raises(ValueError, match="began with 60 in batches of 12"):
        model.fit(X[:50], batch_size=12, verbose=0)


def test_a_file_has_no_key_but_what_was_spent(trained, tmp_path):
    model, _ = trained
    key = int(model.private_training.key.numpy())
    assert key
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    training = loaded.private_training
    assert int(training.key.numpy()) == 0
    assert (training.rows, training.batch_size) == (60, 12)
    assert training.noise_multiplier == model.private_training.noise_multiplier
    assert loaded.privacy.get_config() == model.privacy.get_config()
    np.testing.assert_array_equal(
        loaded.sample(5, seed=1), model.sample(5, seed=1)
    )
    with pytest.raises(ValueError, match="was promised"):
        fit(loaded, epochs=1)


def test_an_export_has_neither_key_nor_noise(trained, tmp_path):
    import tensorflow as tf

    model, _ = trained
    folder = tfgen.export.export_saved_model(model, tmp_path / "vae", version=1)
    file = str(folder) + "/variables/variables"
    types = tf.train.load_checkpoint(file).get_variable_to_dtype_map()
    served = tf.saved_model.load(str(folder)).signatures["generate"]
    found = served(seed=tf.constant([3], tf.int64))["x"]
    np.testing.assert_allclose(found, model.sample(1, seed=3), atol=1e-5)
    # The key is a whole number of 64 bits, the noise a float of as many.
    kinds = {kind for name, kind in types.items() if "OBJECT" not in name}
    assert kinds == {tf.float32}


class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == 7:
            raise KeyboardInterrupt


def variables_of(model):
    return [*model.variables, *model.optimizer.variables]


def assign(model, values):
    for variable, value in zip(variables_of(model), values, strict=True):
        variable.assign(value)


def values_of(model):
    return [np.array(variable.numpy()) for variable in variables_of(model)]


def check_resume(model, folder):
    """Trains at once, and in two parts, of which the second has other weights.

    One model, so that its steps are traced once.
    """
    start = [np.zeros_like(value) for value in values_of(model)]
    for place, variable in enumerate(variables_of(model)):
        if variable.dtype == "float32":
            start[place] += 0.1
    assign(model, start)
    model.private_training.key.assign(12345)
    begun = values_of(model)
    expected = fit(model, epochs=2)["epsilon"]
    whole = values_of(model)

    def checkpoint():
        return tfgen.callbacks.Checkpoint(folder, every_steps=1)

    assign(model, begun)
    with pytest.raises(KeyboardInterrupt):
        fit(model, callbacks=[checkpoint(), Stop()])
    assign(model, start)  # as a new model, with neither key nor noise
    assert fit(model, callbacks=[checkpoint()])["epsilon"] == expected[1:]
    assert int(model.private_training.key.numpy()) == 12345
    for one, other in zip(whole, values_of(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_resumed_training_ends_as_if_nothing_had_been(trained, tmp_path):
    model, _ = trained
    before = values_of(model)
    try:
        check_resume(model, tmp_path / "run")
    finally:
        assign(model, before)


def test_a_resumed_gan_ends_as_if_nothing_had_been(tmp_path):
    model = built("gan", loss="non_saturating")
    check_resume(model, tmp_path / "run")


def test_the_promise_is_written_and_holds_for_what_goes_on(trained, tmp_path):
    model, history = trained
    file = PrivacyFile(tmp_path / "privacy.json")
    file.set_model(model)
    file.on_epoch_end(1)
    said = json.loads(file.path.read_text())
    assert said["epsilon spent"] == history["epsilon"][-1]
    assert (said["epsilon promised"], said["delta"]) == (4.0, 1e-3)
    assert (said["steps"], said["clip norm"]) == (10, 1.0)
    assert any("held-out rows" in one for one in said["outside the promise"])
    refuse_more_epochs(file.path, 2)
    with pytest.raises(ValueError, match="4 was promised: train for 1"):
        refuse_more_epochs(file.path, 3)


def test_a_report_says_what_was_promised(trained):
    from tfgen.evaluation import privacy

    model, history = trained
    subject = types.SimpleNamespace(model=model, history=history)
    assert privacy.applies(subject)
    section = privacy.measure(subject)
    found = {one.name: one.value for one in section.measurements}
    assert found == {"epsilon": history["epsilon"][-1], "delta": 1e-3}
    assert section.notes[0].startswith("epsilon=4 at delta=0.001 was promised")
    assert "held-out rows" in section.notes[-1]
    assert not privacy.applies(types.SimpleNamespace(model=None))


def test_keys_are_secret_and_change_all_noise(trained):
    model, _ = trained
    again = built()
    fit(again)
    one, other = (m.private_training.key.numpy() for m in (model, again))
    assert one != other
    differ = [
        not np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(
            model.trainable_variables, again.trainable_variables, strict=True
        )
    ]
    assert all(differ)


def test_a_generator_sees_nothing_of_the_data_but_by_the_discriminator():
    """Its batch has the expected size and classes that nobody drew."""
    model = built("gan", loss="wasserstein", num_classes=4, privacy="epsilon=4")
    model.private_training._begun_with.assign([1.0, 8000, 4000])
    batch = model.private_training.public_batch((3,), 4, model.step)
    assert batch.x.shape == (4000, 3) and not batch.x.numpy().any()
    shares = batch.labels.numpy().mean(axis=0)
    np.testing.assert_allclose(shares, 0.25, atol=5 * np.sqrt(0.1875 / 4000))
    assert model.private_training.updates == 5
    five = model.private_training.epsilon(1)
    one = epsilon_spent(1.0 / np.sqrt(5), 0.5, 1, 8000**-1.1)
    assert five == pytest.approx(one)


REFUSED = {
    "mixes the rows of a batch: use GroupNormalization": (
        "vae",
        {
            "input_shape": (8, 8, 1),
            "network": "dcgan",
            "network_options": {"filters": (2,), "batch_norm": True},
        },
    ),
    "compares the rows of a batch: pass objective='elbo'": (
        "vae",
        {"objective": "mmd", "beta": 2.0},
    ),
    "generator's loss depends on data": ("gan", {}),
    "packing=2 mixes rows": ("gan", {"packing": 2, "loss": "hinge"}),
    "feature_matching shows": (
        "gan",
        {"feature_matching": 1.0, "loss": "hinge"},
    ),
    "LeCam remembers": ("gan", {"penalties": "lecam", "loss": "hinge"}),
    "has no option 'privacy'": ("vae_gan", {}),
    "leave spectral_norm out": (
        "gan",
        {"loss": "hinge", "discriminator_options": {"spectral_norm": True}},
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_would_break_the_promise_is_refused(reason):
    family, options = REFUSED[reason]
    with pytest.raises(ValueError, match=reason) as refusal:
        built(family, **options)
    assert "\n" not in str(refusal.value)


def test_ways_of_training_are_refused_with_all_reasons():
    model = built()
    with pytest.raises(ValueError, match="XLA.*single row would decide"):
        model.compile(jit_compile=True, on_non_finite="skip")
    strategy = tfgen.training.get_strategy("mirrored", 2)
    with strategy.scope(), pytest.raises(ValueError, match="over 2 replicas"):
        built()
    import tensorflow as tf

    with pytest.raises(ValueError, match="by a draw of its own"):
        model.fit(tf.data.Dataset.from_tensors(X), verbose=0)
    with pytest.raises(ValueError, match="promises epsilon=4 to each"):
        tfgen.fit_prior(model, X)


@pytest.mark.parametrize(
    ("privacy", "reason"),
    [
        ("epsilon=0,delta=2", "epsilon is 0.0.*delta is 2.0, expected a"),
        ("epsilon=3,epsilon=4", "expected epsilon=3"),
        ("three", "expected epsilon=3"),
        ("delta=0.1", "has no epsilon"),
        ({"epsilon": 1, "clip": 2}, "has 'clip'"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
    ],
)
def test_a_promise_is_read_or_refused(privacy, reason):
    with pytest.raises(ValueError, match=reason):
        get_privacy(privacy)


def test_delta_is_less_than_one_rows_share():
    assert Privacy(3).delta_for(1000) == pytest.approx(1000**-1.1)
    assert completed("epsilon=3,clip_norm=2", 1000) == (
        "epsilon=3,delta=0.000501,clip_norm=2"
    )
    with pytest.raises(ValueError, match="delta is 0.01, but of 1,000 rows"):
        Privacy(3, delta=0.01).delta_for(1000)


def test_nothing_starts_at_the_data():
    source = tfgen.data.load("iris")
    model = tfgen.build(
        "vae", data=source, privacy="epsilon=3", prior="vamp", seed=0
    )
    before = [w.numpy() for w in model.weights]
    start_from_data(model, source)
    for one, other in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(one, other.numpy())


def test_a_run_says_what_it_promises(tmp_path, capsys):
    out = tmp_path / "run"
    settings = {
        "model": "vae",
        "data": "iris",
        "privacy": "epsilon=3",
        "epochs": 2,
        "batch_size": 20,
        "width": 8,
    }
    Run.new(out, settings).train()
    config = json.loads((out / "config.json").read_text())
    said = json.loads((out / "privacy.json").read_text())
    history = tfgen.callbacks.read_history(out / "history.csv")
    rows = said["rows"]
    assert config["privacy"] == completed("epsilon=3", rows)
    assert said["epsilon promised"] == 3.0
    assert said["epsilon spent"] == history["epsilon"][-1] <= 3.0
    assert said["clip norm"] == 1.0
    assert any("held-out rows" in one for one in said["outside the promise"])
    assert "privacy epsilon=3" in capsys.readouterr().out
    with pytest.raises(ValueError, match="3 was promised: train for"):
        Run.resumed(out, {"epochs": 3})
    # A refusal leaves the run as it was.
    assert json.loads((out / "config.json").read_text()) == config
    with pytest.raises(ValueError, match="exclude each other"):
        Run.new(tmp_path / "other", {**settings, "recover": True})
