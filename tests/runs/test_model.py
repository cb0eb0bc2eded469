"""Flat settings as a compiled model: sizes, rates, weights, refusals."""

import numpy as np
import pytest

import tfgen
from tfgen.runs.model import (
    compiled_model,
    training_steps,
    with_sizes,
)

MLP = {"network": "mlp", "latent_dim": 3, "width": 5, "depth": 2}


@pytest.fixture(scope="module")
def digits():
    return tfgen.data.load("digits")


@pytest.fixture(scope="module")
def ring():
    return tfgen.data.load("ring").take(400)


def rates(model):
    return {
        name: float(optimizer.learning_rate)
        for name, optimizer in model.optimizer.by_network.items()
    }


def widths(network):
    return [layer.units for layer in network.layers if hasattr(layer, "units")]


@pytest.mark.parametrize(
    "model, networks",
    [
        ("vae", {"encoder": [5, 5, 6], "decoder": [5, 5, 64]}),
        ("gan", {"generator": [5, 5, 64], "discriminator": [5, 5, 1]}),
        (
            "vae_gan",
            {
                "encoder": [5, 5, 6],
                "decoder": [5, 5, 64],
                "discriminator": [5, 5, 1],
            },
        ),
    ],
)
def test_width_and_depth(digits, model, networks):
    built = compiled_model({"model": model, **MLP}, digits)
    found = {name: widths(getattr(built, name)) for name in networks}
    assert found == networks


def test_parameters_of_a_small_vae(digits):
    model = compiled_model({"model": "vae", **MLP}, digits)
    encoder = (64 * 5 + 5) + (5 * 5 + 5) + (5 * 6 + 6)
    decoder = (3 * 5 + 5) + (5 * 5 + 5) + (5 * 64 + 64)
    assert model.encoder.count_params() == encoder
    assert model.decoder.count_params() == decoder


def test_width_over_a_preset(ring):
    model = compiled_model({"preset": "points_gan", "width": 8}, ring)
    assert widths(model.generator) == [8, 8, 8, 8, 2]
    # What else the preset says of its networks is left.
    kinds = [layer.name for layer in model.generator.layers]
    assert any("activation" in name for name in kinds[:2])  # uniform latents
    model = compiled_model({"preset": "points_vae", "depth": 1}, ring)
    assert widths(model.encoder) == [128, 4]


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"model": "vae"}, {"vae": 1e-3}),
        ({"model": "vae", "learning_rate": 0.5}, {"vae": 0.5}),
        ({"model": "gan"}, {"generator": 1e-3, "discriminator": 1e-3}),
        (
            {"model": "gan", "learning_rate_ratio": 4},
            {"generator": 1e-3, "discriminator": 4e-3},
        ),
        (
            {"model": "gan", "learning_rate": 0.5, "learning_rate_ratio": 0.5},
            {"generator": 0.5, "discriminator": 0.25},
        ),
        (
            {"model": "vae_gan", "learning_rate_ratio": 2.0},
            {"encoder": 5e-4, "decoder": 5e-4, "discriminator": 1e-3},
        ),
        # This preset's discriminator has a quarter of the generator's rate.
        (
            {"preset": "points_gan", "learning_rate": 0.4},
            {"generator": 0.4, "discriminator": 0.1},
        ),
        (
            {"preset": "points_gan", "learning_rate_ratio": 0.5},
            {"generator": 4e-3, "discriminator": 2e-3},
        ),
    ],
    ids=str,
)
def test_learning_rates(ring, settings, expected):
    small = {} if "preset" in settings else MLP
    model = compiled_model({**small, **settings}, ring)
    assert rates(model) == pytest.approx(expected)


def test_a_rate_that_falls_keeps_its_course(ring):
    # 400 rows make 20 steps an epoch.
    sizes = {"epochs": 5, "batch_size": 20}
    settings = {"preset": "points_gan", "learning_rate_ratio": 0.5, **sizes}
    model = compiled_model(settings, ring)
    by_network = model.optimizer.by_network
    for name, first in (("generator", 4e-3), ("discriminator", 2e-3)):
        fall = by_network[name].get_config()["learning_rate"]["config"]
        assert fall["initial_learning_rate"] == pytest.approx(first)
        assert fall["decay_steps"] == 100


def test_rates_take_the_course_asked_for(ring):
    """Over all 100 steps: up over 10, down over 90."""
    settings = {
        **{"model": "gan", **MLP, "epochs": 5, "batch_size": 20},
        "learning_rate_schedule": "warmup_cosine",
        "learning_rate_ratio": 0.5,
    }
    by_network = compiled_model(settings, ring).optimizer.by_network
    for step, factor in ((10, 1.0), (40, 0.75), (100, 0.0)):
        for name, highest in (("generator", 1e-3), ("discriminator", 5e-4)):
            by_network[name].iterations.assign(step)
            rate = float(by_network[name].learning_rate)
            assert rate == pytest.approx(highest * factor, rel=1e-4, abs=1e-9)


def test_courses_under_a_strategy(ring, two_replicas):
    """Where rates are variables of several devices."""
    settings = {
        **{"model": "gan", **MLP, "epochs": 5, "batch_size": 20},
        **{"learning_rate_ratio": 0.5, "learning_rate_schedule": "cosine"},
    }
    with two_replicas.scope():
        model = compiled_model(settings, ring)
        preset = compiled_model({"preset": "points_gan"}, ring)
    expected = {"generator": 1e-3, "discriminator": 5e-4}
    assert rates(model) == pytest.approx(expected)
    expected = {"generator": 4e-3, "discriminator": 1e-3}
    assert rates(preset) == pytest.approx(expected)


def test_a_preset_s_course_gives_way(ring):
    settings = {"preset": "points_gan", "learning_rate_schedule": "constant"}
    model = compiled_model(settings, ring)
    model.optimizer.first.iterations.assign(1000)
    assert rates(model)["generator"] == pytest.approx(4e-3)


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({}, 0),
        # 400 rows in batches of 20 make 20 steps an epoch, in those of 150 3.
        ({"beta_warmup": 0.25, "epochs": 5, "batch_size": 20}, 25),
        ({"beta_warmup": 1, "epochs": 7, "batch_size": 400}, 7),
        ({"beta_warmup": 0.5, "epochs": 4, "batch_size": 150}, 6),
        # By default 20 rows a step, 20 steps an epoch, 200 epochs.
        ({"beta_warmup": 0.5}, 2000),
    ],
)
def test_warm_up(ring, settings, expected):
    model = compiled_model({"model": "vae", **MLP, **settings}, ring)
    assert model.beta_warmup_steps == expected


def test_warm_up_of_a_preset(ring):
    settings = {"preset": "points_vae"}
    assert compiled_model(settings, ring).beta_warmup_steps == 2000
    settings["beta_warmup"] = 0.0
    assert compiled_model(settings, ring).beta_warmup_steps == 0


def test_warm_up_of_trimming(ring):
    """A tenth of 5 epochs of 20 steps."""
    settings = {"model": "vae", **MLP, "epochs": 5, "batch_size": 20}
    model = compiled_model(settings | {"trim": 0.05}, ring)
    assert (model.trim, model.trim_warmup_steps) == (0.05, 10)
    for off in ({}, {"trim": 0.0}):
        model = compiled_model(settings | off, ring)
        assert (model.trim, model.trim_warmup_steps) == (0.0, 0)


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"model": "gan"}, [0.1, 0.1]),
        ({"model": "gan", "penalty_weight": 0.5}, [0.5, 0.5]),
        ({"model": "gan", "loss": "hinge", "penalty_weight": 2}, [2.0]),
        (
            {"model": "vae_gan", "loss": "wasserstein", "penalty_weight": 0},
            [0.0],
        ),
        ({"preset": "points_gan", "penalty_weight": 0.5}, [0.5, 0.5]),
    ],
    ids=str,
)
def test_penalty_weight(ring, settings, expected):
    small = {} if "preset" in settings else MLP
    model = compiled_model({**small, **settings}, ring)
    assert [penalty.weight for penalty in model.penalties] == expected
    saved = model.get_config()["penalties"]
    assert [penalty["config"]["weight"] for penalty in saved] == expected


def test_average_decay(ring):
    settings = {"model": "gan", **MLP, "average_decay": 0.5}
    assert compiled_model(settings, ring).average_decay == 0.5
    settings["average_decay"] = 0
    assert compiled_model(settings, ring).average_generator is None


def test_conditional_and_seed(digits):
    settings = {"model": "vae", **MLP, "conditional": True, "seed": 3}
    first, second = (compiled_model(settings, digits) for _ in range(2))
    assert first.num_classes == 10
    assert first.seed == 3
    np.testing.assert_array_equal(
        first.decoder.get_weights()[0], second.decoder.get_weights()[0]
    )


@pytest.mark.parametrize(
    "settings, rows, expected",
    [
        ({}, 1438, (71, 191)),  # 21 steps an epoch
        ({}, 54_000, (128, 10)),  # 422 steps an epoch
        ({}, 7, (1, 572)),
        ({"batch_size": 2}, 7, (2, 1000)),
        ({"epochs": 2}, 7, (1, 2)),
        ({"preset": "points_vae"}, 100, (100, 4000)),
    ],
    ids=str,
)
def test_default_sizes(settings, rows, expected):
    sized = with_sizes(settings, rows)
    assert (sized["batch_size"], sized["epochs"]) == expected
    batch_size, epochs = expected
    steps = epochs * int(np.ceil(rows / batch_size))
    assert training_steps(settings, rows) == steps


@pytest.mark.parametrize(
    "settings, message",
    [
        (
            {"model": "vae", "learning_rate_ratio": 2},
            "learning_rate_ratio is 2, but a model 'vae' has no discriminator",
        ),
        (
            {"model": "vae", "penalty_weight": 0.5},
            "penalty_weight is 0.5, but a model 'vae' has no discriminator",
        ),
        (
            {"model": "vae", "average_decay": 0.5},
            "average_decay is 0.5, but a model 'vae' has no discriminat",
        ),
        (
            {"model": "gan", "beta_warmup": 0.5},
            "beta_warmup is 0.5, but a model 'gan' has no KL term: leave it",
        ),
        (
            {"preset": "points_gan", "beta_warmup": 0.5},
            "beta_warmup is 0.5, but a model 'gan' has no KL term: leave it",
        ),
        (
            {"preset": "dense_gan", "penalty_weight": 0.5},
            "penalty_weight is 0.5, but the discriminator has no penalty",
        ),
        (
            {"preset": "conv_vae", "width": 8},
            "'conv_vae' has networks of its own, got width=8: leave it out",
        ),
        ({"model": "vae", "width": 0}, "width is 0, expected a whole number "),
        ({"model": "vae", "depth": 1.5}, "depth is 1.5, expected a whole n"),
        (
            {"model": "vae", "beta_warmup": 1.5},
            "beta_warmup is 1.5, expected a finite number from 0 to 1",
        ),
        (
            {"model": "gan", "average_decay": 1},
            "average_decay is 1, expected a finite number from 0 to below 1",
        ),
        (
            {"model": "gan", "learning_rate_ratio": 0.0},
            "learning_rate_ratio is 0, expected a number above 0",
        ),
        (
            {"model": "vae", "network": "conv", "depth": 4},
            "depth is 4, but images of 8x8 can be halved 3 times",
        ),
        (
            {"model": "vae_gan", "trim": 0.05},
            "trim is 0.05, but it is for a model 'vae', not 'vae_gan': leave",
        ),
        (
            {"model": "vae", "trim": 0.5},
            "trim is 0.5, expected a finite number from 0 to below 0.5",
        ),
        (
            {"model": "vae", "trim": 0.05, "privacy": "epsilon=3"},
            "privacy epsilon=3: trim is 0.05, which compares the rows of a ba",
        ),
        (
            {"model": "vae", "trim": 0.01, "batch_size": 49},
            "trim is 0.01, which of batches of 49 rows is less than half a r",
        ),
        ({"model": "vae", "conditional": "yes"}, "expected true or false"),
        ({"model": "vea"}, "model is 'vea', expected one of vae"),
    ],
    ids=str,
)
def test_refusals(digits, settings, message):
    with pytest.raises(ValueError, match=message):
        compiled_model(settings, digits)


def test_a_network_for_images_on_a_table():
    iris = tfgen.data.load("iris")
    settings = {"model": "vae", "network": "conv", "width": 64}
    with pytest.raises(ValueError, match="use network='mlp'"):
        compiled_model(settings, iris)
