"""What a search looks for, as users write it."""

import pytest

import tfgen
from tfgen.tuning.objectives.measures import find_measure
from tfgen.tuning.objectives.objective import (
    check_enough,
    check_measures,
    chosen,
    default_objective,
    parse_objective,
)


@pytest.mark.parametrize(
    "name, direction",
    [
        ("negative_elbo", "min"),
        ("importance_weighted_bound", "max"),
        ("frechet_distance", "min"),
        ("kernel_distance", "min"),
        ("coverage", "max"),
        ("val_coverage", "max"),
        ("real_accuracy:max", "max"),
        ("kl_loss:min", "min"),
    ],
)
def test_directions_are_known(name, direction):
    objective = parse_objective(name)
    assert objective.direction == direction
    plain = name.removeprefix("val_").split(":")[0]
    assert objective.log_name == f"val_{plain}"
    assert objective.value({f"val_{plain}": 2.5}) == 2.5


def test_a_weighted_sum_is_minimized():
    objective = parse_objective("frechet_distance + 20*coverage+.5*kl_loss:min")
    assert str(objective) == "frechet_distance + 20*coverage + 0.5*kl_loss:min"
    assert (objective.direction, objective.log_name) == ("min", "objective")
    logs = {
        "val_frechet_distance": 3.0,
        "val_coverage": 0.25,
        "val_kl_loss": 8.0,
        "loss": 100.0,
    }
    assert objective.value(logs) == 3.0 - 5.0 + 4.0


def test_a_weight_alone_is_none():
    objective = parse_objective("2*coverage")
    assert str(objective) == "coverage"
    assert objective.value({"val_coverage": 0.25}) == 0.25


def test_the_best_of_several():
    nan = float("nan")
    lower = parse_objective("negative_elbo")
    assert lower.best([nan, 3.0, 1.0, 2.0, 1.0]) == 2
    higher = parse_objective("coverage")
    assert higher.best([1.0, 3.0, nan, 3.0]) == 1
    assert higher.best([nan]) is higher.best([]) is None


@pytest.mark.parametrize(
    "text, message",
    [
        ("fid", "'fid' is no known measure: pass one of negative_elbo, .*"),
        ("coverage:min", "objective is coverage:min, but higher is better"),
        ("2 coverage", "objective is '2 coverage', expected a name such as"),
        ("", "objective is '', expected a name"),
        ("coverage +", "objective is 'coverage \\+', expected"),
        ("0*coverage", "'0\\*coverage' in the objective has the weight 0"),
        ("1.2.3*coverage", "objective is '1.2.3\\*coverage', expected a name"),
    ],
)
def test_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_objective(text)


def test_checked_against_the_model():
    iris = tfgen.data.load("iris", split="validation")
    gan = tfgen.build("gan", input_shape=(4,), latent_dim=2, network="mlp")
    gan.compile()
    check_measures(gan, [find_measure("frechet_distance")], iris)
    check_measures(gan, [find_measure("fake_accuracy", "min")], iris)
    with pytest.raises(ValueError, match="negative_elbo needs a likelihood, w"):
        check_measures(gan, [find_measure("negative_elbo")], iris)
    with pytest.raises(ValueError, match="needs the metric real_acuracy in v"):
        check_measures(gan, [find_measure("real_acuracy", "max")], iris)
    # A metric of training, which validation does not log: nor is it offered.
    assert "gradient_penalty" in [metric.name for metric in gan.metrics]
    with pytest.raises(ValueError, match="the metric gradient_p") as refused:
        check_measures(gan, [find_measure("gradient_penalty", "min")], iris)
    offered = str(refused.value).partition("choose one of ")[2]
    assert "fake_accuracy:min" in offered
    assert "gradient_penalty" not in offered
    with pytest.raises(ValueError, match="auroc needs a likelihood, which GAN"):
        check_measures(gan, [find_measure("auroc")], iris)
    vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    names = ("negative_elbo", "importance_weighted_bound", "coverage")
    check_measures(vae, [find_measure(name) for name in names], iris)


class Distances(tfgen.VAE):
    """Encodes, but its loss is no bound, as a Wasserstein autoencoder's."""

    trains_bound = False
    has_likelihood = False


@pytest.mark.parametrize(
    "family, expected",
    [
        ("vae", "negative_elbo"),
        ("gan", "frechet_distance"),
        ("vae_gan", "frechet_distance"),
    ],
)
def test_default(family, expected):
    model = tfgen.build(family, input_shape=(4,), latent_dim=2, network="mlp")
    assert default_objective(model) == expected


def test_default_of_a_users_family():
    """By what it declares; what it lacks cannot be asked for."""
    iris = tfgen.data.load("iris", split="validation")
    vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    model = Distances(vae.encoder, vae.decoder, likelihood="gaussian")
    model.compile()
    objective, reported = chosen(model, None, None, iris)
    assert str(objective) == "frechet_distance"
    assert [str(measure) for measure in reported] == ["coverage"]
    check_measures(model, [find_measure("reconstruction_error")], iris)
    with pytest.raises(
        ValueError, match="an encoder and a likelihood, which D"
    ):
        check_measures(model, [find_measure("importance_weighted_bound")], iris)


def test_odd_rows_where_they_are_to_be_found():
    iris = tfgen.data.load("iris", split="validation")
    vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    objective, _ = chosen(vae, "auroc", None, iris, odd=iris)
    assert (objective.log_name, objective.direction) == ("val_auroc", "max")
    for none in (None, iris.subset([])):
        with pytest.raises(ValueError, match="there are none: pass --normal"):
            chosen(vae, "negative_elbo", "auroc", iris, odd=none)


@pytest.mark.parametrize(
    "name, fewest", [("coverage", 6), ("frechet_distance", 2)]
)
def test_enough_held_out_examples(name, fewest):
    """k-th neighbours, of which there are 5, take one more."""
    check_enough([find_measure(name)], fewest)
    message = f"{name} takes {fewest} held-out examples or more, but the vali"
    with pytest.raises(ValueError, match=message):
        check_enough([find_measure(name)], fewest - 1)
