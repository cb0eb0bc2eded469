"""How many trials a grid has."""

import keras_tuner
import pytest

from tfgen.settings.parameters import Choice, Condition, Fixed, Range
from tfgen.tuning.search_space import SearchSpace, combinations


def space_of(**parameters):
    return SearchSpace(parameters).grid().hyperparameters()


def test_a_product():
    space = space_of(
        latent_dim=Range(8, 64, 16, log=True, step=2),
        beta=Range(0.5, 2.0, 1.0, log=True),
        network=Choice(("conv", "mlp"), "conv"),
        likelihood=Fixed("bernoulli"),
    )
    assert combinations(space) == 3 * 3 * 2


def test_what_depends_on_another():
    space = space_of(
        network=Choice(("conv", "mlp"), "conv"),
        objective=Choice(("larsen", "elbo_adversarial"), "larsen"),
        gamma=Range(0.1, 10.0, 1.0, only=Condition("objective", ("larsen",))),
    )
    assert combinations(space) == 2 * (3 + 1)


def test_conditions_in_conditions():
    space = keras_tuner.HyperParameters()
    space.Choice("a", [1, 2, 3])
    with space.conditional_scope("a", [1]):
        space.Boolean("b")
        with space.conditional_scope("b", [True]):
            space.Choice("c", [1, 2, 3, 4])
    assert combinations(space) == (4 + 1) + 1 + 1


@pytest.mark.parametrize(
    "options, count",
    [
        ({"min_value": 1, "max_value": 7, "step": 2}, 4),
        # KerasTuner has ten values where there is no step, and the default.
        ({"min_value": 0.0, "max_value": 1.0}, 11),
    ],
)
def test_ranges(options, count):
    space = keras_tuner.HyperParameters()
    register = space.Int if "step" in options else space.Float
    register("size", **options)
    assert combinations(space) == count
