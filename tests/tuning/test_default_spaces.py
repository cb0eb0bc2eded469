"""The default spaces: what is in them builds and trains."""

import keras_tuner
import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.runs.data import in_range
from tfgen.settings.parameters import Fixed, Range
from tfgen.tuning.hypermodels import (
    GANHyperModel,
    VAEGANHyperModel,
    VAEHyperModel,
)
from tfgen.tuning.search_space import SearchSpace

vae_space = VAEHyperModel.default_space
gan_space = GANHyperModel.default_space
vae_gan_space = VAEGANHyperModel.default_space

HYPERMODELS = (VAEHyperModel, GANHyperModel, VAEGANHyperModel)
ROWS = 2


def images(*shape, rows=32):
    rng = np.random.default_rng(0)
    return tfgen.data.from_arrays(
        rng.integers(0, 256, (rows, *shape), np.uint8)
    )


@pytest.fixture(scope="module")
def sources():
    return {
        "digits": tfgen.data.load("digits"),
        "iris": tfgen.data.load("iris"),
        "clothes": images(28, 28, 1),
    }


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("data", ["digits", "iris", "clothes"])
@pytest.mark.parametrize("hypermodel", HYPERMODELS, ids=lambda h: h.model)
def test_every_parameter_trains_at_both_ends(sources, hypermodel, data, end):
    """All at once: the lowest values and first choices, then the others."""
    source, hyperparameters = sources[data], keras_tuner.HyperParameters()
    built = hypermodel(source)
    for name, parameter in built.space.parameters.items():
        ranged = isinstance(parameter, Range)
        values = (parameter.low, parameter.high) if ranged else parameter.values
        hyperparameters.values[name] = values[0 if end == "low" else -1]
    model = built.build(hyperparameters)
    model.run_eagerly = True  # one step: tracing it would take longer
    x = in_range(model, source).take(ROWS)
    logs = model.fit(x, batch_size=ROWS, epochs=1, verbose=0).history
    assert model.steps_done == 1
    assert all(np.isfinite(value).all() for value in logs.values())


def bounds(space, name):
    parameter = space.parameters[name]
    return parameter.low, parameter.default, parameter.high


class TestByTheData:
    @pytest.mark.parametrize("recommended", [True, False])
    def test_table(self, sources, recommended):
        for name in ("vae", "gan", "vae_gan"):
            family = tfgen.models.get_family(name)
            space = SearchSpace.default(family, sources["iris"], recommended)
            assert space.parameters["network"] == Fixed("mlp")
            # Up to twice the four columns, or what the preset has; else the
            # shipped 16 or more is cut.
            preset = tfgen.presets.get(f"table_{name}")
            latents = preset.options["latent_dim"] if recommended else 8
            assert bounds(space, "latent_dim") == (2, latents, max(8, latents))
            # 120 rows: at least 8 steps an epoch, 120 / 20 by default, or at
            # least 4 steps.
            sizes = (4, 30, 30) if recommended else (4, 6, 8)
            assert bounds(space, "batch_size") == sizes
            assert bounds(space, "width")[1] == (32 if recommended else 512)

    def test_small_images(self, sources):
        space = vae_space(sources["digits"])
        assert bounds(space, "latent_dim") == (8, 16, 32)
        assert space.parameters["network"].values == ("conv", "mlp")
        assert space.parameters["likelihood"] == Fixed("bernoulli")
        assert bounds(space, "depth") == (1, 1, 2)  # 8, 4 or 2 pixels
        # 1,438 rows: 179 make 8 steps, 71 are a twentieth.
        assert bounds(space, "batch_size") == (16, 71, 128)

    def test_images(self, sources):
        space = vae_space(sources["clothes"])
        assert bounds(space, "depth") == (1, 2, 3)  # 28, 14, 7, 4 pixels
        assert bounds(space, "width") == (128, 256, 512)
        space = gan_space(images(64, 48, 3))
        assert bounds(space, "depth") == (3, 4, 5)
        assert space.parameters["network"].values == ("conv", "resnet")

    def test_colours(self):
        source = images(16, 16, 3)
        assert vae_space(source).parameters["likelihood"] == Fixed("gaussian")
        # Left to the model, whose choice goes by the objective.
        assert "likelihood" not in vae_gan_space(source).parameters

    def test_a_mixed_table(self):
        table = pd.DataFrame({"kind": ["a", "b"] * 20, "x": np.arange(40.0)})
        source = tfgen.data.from_arrays(table)
        assert vae_space(source).parameters["likelihood"] == Fixed("table")
        objective = vae_gan_space(source).parameters["objective"]
        assert objective == Fixed("elbo_adversarial")

    @pytest.mark.parametrize("rows", [1, 7, 8, 20])
    def test_few_rows(self, rows):
        space = vae_space(images(8, 8, 1, rows=rows))
        batch_size = space.parameters["batch_size"]
        assert batch_size == Fixed({20: 2}.get(rows, 1))

    def test_many_rows(self):
        class Many:
            shape = (28, 28, 1)
            is_mixed = False

            def __len__(self):
                return 54_000

        assert bounds(vae_space(Many()), "batch_size") == (32, 128, 256)

    def test_tiny_images_and_single_columns(self):
        depth = vae_space(images(1, 1, 1)).parameters["depth"]
        assert depth == Fixed(1)
        column = tfgen.data.from_arrays(np.arange(40.0)[:, None], kind="table")
        assert bounds(vae_space(column), "latent_dim") == (1, 8, 8)
        space = SearchSpace.default(
            tfgen.models.get_family("vae"), column, recommended=False
        )
        assert bounds(space, "latent_dim") == (1, 2, 2)


class TestWeighing:
    """A fixed weight of the adversary, or its ratio to the reconstruction."""

    def test_a_fixed_weight_replaces_the_ratio(self, sources):
        space = vae_gan_space(sources["digits"])
        assert "gamma" not in space.parameters
        space = space.narrowed({"adversarial_weight": (1.0, 50.0)})
        assert "adversarial_ratio" not in space.parameters
        assert bounds(space, "adversarial_weight") == (1.0, 1.0, 50.0)
        assert bounds(space, "gamma") == (0.1, 1.0, 10.0)

    def test_gamma_is_of_larsen(self, sources):
        space = vae_gan_space(sources["digits"]).narrowed({"gamma": (0.5, 2.0)})
        hyperparameters = space.hyperparameters()
        assert space.draw(hyperparameters)["gamma"] == 1.0
        hyperparameters.values["objective"] = "elbo_adversarial"
        assert "gamma" not in space.draw(hyperparameters)
        fixed = space.narrowed({"objective": "larsen"})
        assert fixed.parameters["gamma"].only is None
        none = vae_gan_space(sources["digits"]).narrowed(
            {"objective": "elbo_adversarial", "adversarial_weight": 2}
        )
        assert "gamma" not in none.parameters

    def test_both(self, sources):
        space = vae_gan_space(sources["digits"])
        message = "adversarial_ratio and gamma exclude each other"
        with pytest.raises(ValueError, match=message):
            space.narrowed({"gamma": 2, "adversarial_ratio": 0.5})


def test_the_penalty_of_wasserstein_has_a_weight_of_its_own(sources):
    space = gan_space(sources["digits"])
    both = space.narrowed({"loss": ["hinge", "wasserstein"]})
    hyperparameters = both.hyperparameters()
    assert both.draw(hyperparameters)["penalty_weight"] == 0.1
    hyperparameters.values["loss"] = "wasserstein"
    assert "penalty_weight" not in both.draw(hyperparameters)
    alone = space.narrowed({"loss": "wasserstein"})
    assert "penalty_weight" not in alone.parameters
    given = space.narrowed({"loss": "wasserstein", "penalty_weight": (1, 100)})
    assert bounds(given, "penalty_weight") == (1.0, 1.0, 100.0)
    assert given.parameters["penalty_weight"].only is None
