"""A model that ignores its latents is reported, another never."""

import warnings

import numpy as np
import pytest

import tfgen
from tfgen.callbacks import LatentHealth, TrainingWarning
from tfgen.callbacks.latent_health import latent_use, remedy, structure
from tfgen.callbacks.training_warnings import WarningsFile


def rows(count, independent=False, seed=0):
    """Six values that follow one, or none."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 6))
    if not independent:
        x = 0.3 * x + rng.normal(size=(count, 1))
    return x.astype("float32")


def train(callbacks, beta=1.0, epochs=12, **options):
    model = tfgen.build(
        "vae",
        input_shape=(6,),
        latent_dim=2,
        network="mlp",
        network_options={"units": (16,)},
        beta=beta,
        seed=0,
    )
    model.compile()
    x = rows(200, **options)
    model.fit(x, batch_size=10, epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def said(beta, path=None, **options):
    """The model, and what was reported of it."""
    texts = []
    held_out = rows(100, seed=1, **options)
    health = LatentHealth(held_out, path=path, report=texts.append)
    return train([health], beta, **options), texts


def test_a_collapsed_model(tmp_path):
    path = tmp_path / "warnings.txt"
    model, texts = said(beta=30.0, path=path)
    # 20 steps an epoch; from the third epoch on it must last 200 steps.
    [text] = texts
    assert text.startswith("epoch 12: unused latents: KL is 0")
    assert "of 2 latents are active at all" in text
    assert "a lower beta (it is 30)" in text
    assert "\n" not in text
    assert path.read_text() == (
        f"{text.removesuffix('.').replace(': unused', ', unused')}\n"
    )
    assert latent_use(model, rows(100, seed=1))[0] < 0.1


def test_a_healthy_model():
    model, texts = said(beta=1.0)
    assert texts == []
    assert latent_use(model, rows(100, seed=1))[1] >= 1


def test_data_that_need_no_latents():
    model, texts = said(beta=30.0, independent=True)
    assert texts == []
    assert latent_use(model, rows(100, seed=1))[0] < 0.1


def test_it_is_a_warning_without_a_report():
    health = LatentHealth(rows(100, seed=1))
    with pytest.warns(TrainingWarning, match="epoch 12: unused latents"):
        train([health], beta=30.0)


def test_validation_says_enough():
    """Where its KL is in the logs, a healthy model costs nothing."""
    health = LatentHealth(None)
    health.set_model(tfgen.build("vae", input_shape=(6,), latent_dim=2))
    health.on_train_begin()
    health.on_epoch_begin(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        health.on_epoch_end(4, {"val_kl_loss": 3.0})


def test_a_model_without_an_encoder():
    gan = tfgen.build("gan", input_shape=(6,), latent_dim=2)
    health = LatentHealth(rows(20))
    health.set_model(gan)
    with pytest.raises(ValueError, match="got a GAN, expected a model with an"):
        health.on_train_begin()


def test_kl_by_hand(monkeypatch):
    """KL(N(1, 1) || N(0, 1)) = 1/2 a latent, and of equal means none acts."""
    model = tfgen.build("vae", input_shape=(1,), latent_dim=2)
    encoded = {"mean": np.ones((5, 2)), "stddev": np.ones((5, 2))}
    monkeypatch.setattr(model, "run_endpoint", lambda *_: encoded)
    assert latent_use(model, np.zeros((5, 1), "float32")) == (1.0, 0)


@pytest.mark.parametrize(
    "options, last",
    [
        ({}, "free_bits"),
        ({"objective": "iwae"}, "another likelihood than FullGaussian"),
        ({"prior": "gaussian_mixture"}, "another likelihood than FullGaussian"),
    ],
)
def test_free_bits_are_named_where_they_are_taken(options, last):
    options |= {"likelihood": "full_gaussian"}
    model = tfgen.build("vae", input_shape=(6,), **options)
    assert remedy(model).endswith(f" or {last}")


def test_kl_under_a_prior_of_its_own():
    model = tfgen.build("vae", input_shape=(6,), latent_dims=(2, 1))
    x = rows(5)
    wanted = model.run_endpoint("score", {"x": x})["kl"].mean()
    assert latent_use(model, x)[0] == pytest.approx(wanted)


def test_structure():
    assert structure(rows(500)) > 1.5
    assert structure(rows(500, independent=True)) == pytest.approx(1, abs=0.06)
    # Two classes far apart, and nothing within them.
    x = rows(500, independent=True)
    labels = np.arange(500) % 2
    x += 10 * labels[:, None]
    assert structure(x) > 1.5
    assert structure(x, labels) == pytest.approx(1, abs=0.06)


def test_watches_share_a_file(tmp_path):
    path = tmp_path / "warnings.txt"
    path.write_text("epoch 1, first: a\nepoch 4, second: b\n")
    first, second = (WarningsFile(path, 3) for _ in range(2))
    for watch in (first, second):
        watch.write()  # what will be trained again is dropped
    assert path.read_text() == "epoch 1, first: a\n"
    first.add(4, "first", None)
    second.add(4, "second", "b")
    for watch in (first, second):
        watch.write()
    assert path.read_text() == (
        "epoch 1, first: a\nepoch 4, first: over\nepoch 4, second: b\n"
    )
    assert not first.stands("first")
    assert second.stands("second")
