"""Spaces as a user narrows them, and what is drawn of them."""

import math

import keras_tuner
import pytest

from tfgen.settings.parameters import Choice, Condition, Fixed, Range
from tfgen.tuning.search_space import SearchSpace, parse

SPACE = SearchSpace(
    {
        "latent_dim": Range(4, 64, 16, log=True, step=2),
        "depth": Range(1, 4, 2),
        "network": Choice(("conv", "mlp"), "conv"),
        "learning_rate": Range(1e-4, 1e-2, 1e-3, log=True),
        "beta": Range(0.0, 2.0, 1.0),
        "likelihood": Fixed("bernoulli"),
    }
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("latent_dim=8..64", {"latent_dim": (8, 64)}),
        ("network=mlp,conv", {"network": ["mlp", "conv"]}),
        ("beta=1", {"beta": 1.0}),
        ("learning_rate=1e-4..1e-2", {"learning_rate": (1e-4, 1e-2)}),
        ("beta=.5...75", {"beta": (0.5, 0.75)}),
        ("latent_dim=8,16", {"latent_dim": [8, 16]}),
        ("conditional=true", {"conditional": True}),
        ("beta=1 network=mlp", {"beta": 1.0, "network": "mlp"}),
        (["beta = 1", "network=mlp"], {"beta": 1.0, "network": "mlp"}),
        ("", {}),
    ],
)
def test_words(text, expected):
    found = parse(text)
    assert found == expected
    assert [type(v) for v in found.values()] == [
        type(v) for v in expected.values()
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        ("beta", "'beta' is not name=value: pass name=low..high, name=value"),
        ("beta=", "'beta=' is not name=value"),
        ("beta=1 beta=2", "beta was given twice: leave one out"),
        ("latent_dim=8.5", "latent_dim is '8.5', expected a whole number of 1"),
        ("latent_dim=8..", "latent_dim is '', expected a whole number"),
        ("beta=low..high", "beta is 'low', expected a finite number of 0 or"),
        ("lr=1", "'lr' is no setting that can be searched; those are cond"),
        ("data=digits", "'data' is no setting that can be searched"),
    ],
)
def test_words_that_say_nothing(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


@pytest.mark.parametrize(
    "given, expected",
    [
        # Scale, step and default stay where they fit.
        ({"latent_dim": (8, 32)}, Range(8, 32, 16, log=True, step=2)),
        ({"latent_dim": (32, 64)}, Range(32, 64, 32, log=True, step=2)),
        ({"depth": (3, 9)}, Range(3, 9, 3)),
        ({"latent_dim": (10, 40)}, Range(10, 40, 16, log=True, step=2)),
        # Powers of two do not lead to the end.
        ({"latent_dim": (10, 15)}, Range(10, 15, 15, log=True)),
        ({"latent_dim": (20, 50)}, Range(20, 50, 20, log=True)),
        ({"beta": (0, 1)}, Range(0.0, 1.0, 1.0)),
        ({"beta": (1, 1)}, Fixed(1.0)),
        ({"network": ["resnet", "conv"]}, Choice(("resnet", "conv"), "conv")),
        ({"network": ["resnet", "mlp"]}, Choice(("resnet", "mlp"), "resnet")),
        ({"network": ["mlp"]}, Fixed("mlp")),
        ({"latent_dim": [8, 16, 8]}, Choice((8, 16), 16)),
        ({"beta": 1}, Fixed(1.0)),
        # Not in the space.
        ({"free_bits": (0.0, 0.5)}, Range(0.0, 0.5, 0.0)),
        ({"gamma": (0.1, 10)}, Range(0.1, 10.0, 0.1, log=True)),
        ({"packing": (1, 4)}, Range(1, 4, 1)),
        ({"conditional": True}, Fixed(True)),
        # An expert's own.
        ({"beta": Range(1.0, 2.0, 1.5)}, Range(1.0, 2.0, 1.5)),
    ],
    ids=str,
)
def test_narrowed(given, expected):
    (name,) = given
    narrowed = SPACE.narrowed(given)
    assert narrowed.parameters[name] == expected
    others = set(SPACE.parameters) - {name}
    assert others <= set(narrowed.parameters)
    assert all(narrowed.parameters[o] == SPACE.parameters[o] for o in others)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"lr": 1}, "'lr' is no setting that can be searched; those are"),
        ({"latent_dim": (64, 8)}, "latent_dim is from 64 to 8: pass the lower"),
        ({"latent_dim": (8.0, 64)}, "latent_dim is 8.0, expected a whole num"),
        ({"latent_dim": (0, 8)}, "latent_dim is 0, expected a whole number of"),
        ({"latent_dim": (1, 2, 3)}, r"is \(1, 2, 3\), expected a range \(low"),
        ({"network": ("a", "b")}, "expected a list of values: only numbers"),
        ({"network": "conf"}, "network is 'conf', expected one of mlp, conv"),
        ({"loss": ["hinge", "w"]}, "loss is 'w', expected one of minimax"),
        ({"beta": float("nan")}, "beta is nan, expected a finite number"),
        ({"beta": "1"}, "beta is '1', expected a finite number of 0 or more"),
        ({"beta": []}, "expected a list of values"),
        ({"beta": True}, "beta is True, expected a finite number"),
    ],
    ids=str,
)
def test_refused(given, message):
    with pytest.raises(ValueError, match=message):
        SPACE.narrowed(given)


def test_a_space_of_what_is_no_setting():
    with pytest.raises(ValueError, match="'units' is no setting that can be"):
        SearchSpace({"units": Fixed(3)})


def test_what_keras_tuner_knows():
    registered = SPACE.hyperparameters()
    assert [hp.name for hp in registered.space] == list(SPACE.parameters)
    values = {hp.name: list(hp.values) for hp in registered.space[:3]}
    assert values == {
        "latent_dim": [4, 8, 16, 32, 64],
        "depth": [1, 2, 3, 4],
        "network": ["conv", "mlp"],
    }
    assert registered.values == {
        "latent_dim": 16,
        "depth": 2,
        "network": "conv",
        "learning_rate": 1e-3,
        "beta": 1.0,
        "likelihood": "bernoulli",
    }


@pytest.mark.parametrize("low, high", [(10, 15), (3, 7), (100, 150), (1, 3)])
def test_all_whole_numbers_of_a_range_are_drawn(low, high):
    """By ratio: n as often as log((n + 1) / n) says, both ends included."""
    space = SPACE.narrowed({"latent_dim": (low, high)})
    drawn = space.hyperparameters().space[0]
    count = 40_000
    values = [drawn.prob_to_value((i + 0.5) / count) for i in range(count)]
    assert sorted(set(values)) == list(range(low, high + 1))
    assert drawn.prob_to_value(0.0) == low
    assert drawn.prob_to_value(1 - 1e-9) == high  # the most that is drawn
    for end in (low, high):
        share = math.log((end + 1) / end) / math.log((high + 1) / low)
        assert values.count(end) / count == pytest.approx(share, abs=1e-3)
    grid = space.grid(3).parameters["latent_dim"].values
    assert low in grid and high in grid


def test_what_is_drawn():
    hyperparameters = SPACE.hyperparameters()
    hyperparameters.values |= {
        "latent_dim": 8.0,  # as KerasTuner's grid gives whole numbers
        "learning_rate": 0.000123456789,
    }
    drawn = SPACE.draw(hyperparameters)
    assert (drawn["latent_dim"], type(drawn["latent_dim"])) == (8, int)
    assert drawn["learning_rate"] == 0.000123457


def test_conditions():
    space = SearchSpace(
        {
            "objective": Choice(("larsen", "elbo_adversarial"), "larsen"),
            "gamma": Range(
                0.1, 1.0, 0.5, only=Condition("objective", ("larsen",))
            ),
        }
    )
    hyperparameters = space.hyperparameters()
    assert space.draw(hyperparameters) == {"objective": "larsen", "gamma": 0.5}
    hyperparameters.values["objective"] = "elbo_adversarial"
    assert space.draw(hyperparameters) == {"objective": "elbo_adversarial"}


@pytest.mark.parametrize(
    "parameter, points, expected",
    [
        (Range(1e-4, 1e-2, 1e-3, log=True), 3, (1e-4, 1e-3, 1e-2)),
        (Range(1e-4, 1e-2, 2e-4, log=True), 3, (1e-4, 2e-4, 1e-2)),
        (Range(0.0, 2.0, 1.0), 5, (0.0, 0.5, 1.0, 1.5, 2.0)),
        (Range(0.0, 2.0, 0.5), 2, (0.0, 0.5, 2.0)),
        (Range(0.0, 2.0, 0.0), 2, (0.0, 2.0)),
        (Range(1, 4, 2), 3, (1, 2, 4)),
        (Range(1, 2, 1), 5, (1, 2)),
        (Range(4, 64, 16, log=True, step=2), 3, (4, 16, 64)),
        (Range(8, 128, 64, log=True, step=2), 3, (8, 64, 128)),
    ],
    ids=str,
)
def test_grid_of_a_range(parameter, points, expected):
    grid = SearchSpace({"beta": parameter}).grid(points).parameters["beta"]
    assert grid.values == pytest.approx(expected)
    assert grid.default == parameter.default
    assert {type(v) for v in grid.values} == {type(parameter.low)}


def test_grid_is_all_that_keras_tuner_tries():
    given = {"latent_dim": [2, 3], "depth": 1, "network": "mlp", "beta": 1}
    space = SPACE.narrowed(given).grid(3)
    oracle = keras_tuner.oracles.GridSearchOracle(
        keras_tuner.Objective("loss", "min"),
        hyperparameters=space.hyperparameters(),
    )
    values, first = [], None
    for i in range(7):
        response = oracle.populate_space(str(i))
        if response["values"] is None:
            break
        trial = keras_tuner.engine.trial.Trial(
            space.hyperparameters(), trial_id=str(i)
        )
        trial.hyperparameters.values = response["values"]
        oracle.trials[str(i)] = trial
        oracle.start_order.append(str(i))
        oracle._populate_next.append(str(i))
        drawn = space.draw(trial.hyperparameters)
        first = first or drawn
        values.append((drawn["latent_dim"], drawn["learning_rate"]))
    rates = (1e-3, 1e-4, 1e-2)
    assert set(values) == {(n, rate) for n in (2, 3) for rate in rates}
    assert (first["latent_dim"], first["learning_rate"]) == (2, 1e-3)


def test_grid_of_one_point():
    with pytest.raises(ValueError, match="points is 1, expected 2 or more"):
        SPACE.grid(1)
