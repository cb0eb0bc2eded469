"""What counts as a sign, near the thresholds."""

import dataclasses

import pytest

from tfgen.callbacks import gan_symptoms
from tfgen.callbacks.gan_symptoms import Measurements
from tfgen.callbacks.sample_comparison import Likeness

FINE = Measurements(
    steps=5000,
    logs={
        "generator_loss": 0.8,
        "discriminator_loss": 0.6,
        "real_accuracy": 0.7,
        "fake_accuracy": 0.7,
    },
    relative_steps={"generator": 0.002, "discriminator": 0.003},
    first_step=False,
    likeness=Likeness(
        count=1000, coverage=0.9, precision=0.95, variety=0.9, closeness=1.0
    ),
    undecided_loss=0.69,
)


def changed(likeness=None, logs=None, **fields):
    fields["likeness"] = dataclasses.replace(FINE.likeness, **(likeness or {}))
    fields["logs"] = FINE.logs | (logs or {})
    return dataclasses.replace(FINE, **fields)


def signs(now):
    found = {k: find(now) for k, (find, _) in gan_symptoms.SYMPTOMS.items()}
    return {kind for kind, sign in found.items() if sign is not None}


def test_nothing():
    assert signs(FINE) == set()
    assert signs(dataclasses.replace(FINE, relative_steps={})) == set()


@pytest.mark.parametrize(
    "size, first_step, found",
    [(0.05, True, 0), (0.07, True, 1), (0.15, False, 0), (0.25, False, 1)],
)
def test_large_steps(size, first_step, found):
    now = changed(
        relative_steps={"generator": 0.01, "discriminator": size},
        first_step=first_step,
    )
    assert len(signs(now)) == found
    if found:
        sign = gan_symptoms.large_steps(now)
        assert f"of the discriminator by {size:.0%} of their size" in sign


@pytest.mark.parametrize(
    "name, value, found",
    [
        ("generator_loss", 90.0, 0),
        ("generator_loss", -110.0, 1),
        ("discriminator_loss", float("nan"), 1),
        ("gradient_penalty", 110.0, 1),
        ("generator_gradient_norm", 900.0, 0),
        ("discriminator_gradient_norm", 1100.0, 1),
        ("val_generator_loss", 1e9, 0),
        ("my_own_metric", 1e9, 0),
    ],
)
def test_exploding(name, value, found):
    now = changed(logs={name: value})
    assert signs(now) == ({"exploding training"} if found else set())


def test_a_critic_may_drift():
    logs = {"generator_loss": 1e4}
    assert signs(changed(logs=logs, undecided_loss=0.0)) == set()


@pytest.mark.parametrize(
    "likeness, found",
    [
        ({"coverage": 0.5}, 0),
        ({"coverage": 0.45}, 1),
        ({"coverage": 0.45, "count": 40}, 0),  # too few to say
        ({"coverage": 0.3, "precision": 0.65}, 0),  # not yet like data
        ({"coverage": 0.3, "variety": 0.4}, 0),  # blurred, not collapsed
        ({"closeness": 0.04}, 0),
        ({"closeness": 0.02}, 1),
    ],
)
def test_collapse(likeness, found):
    now = changed(likeness=likeness)
    assert signs(now) == ({"mode collapse"} if found else set())


def test_samples_may_be_the_same_before_training():
    assert signs(changed(likeness={"closeness": 0.0}, steps=499)) == set()
    assert signs(changed(likeness={"closeness": 0.0}, steps=500)) != set()


def test_discriminator_won():
    certain = {
        "discriminator_loss": 0.05,
        "real_accuracy": 1.0,
        "fake_accuracy": 0.99,
    }
    found = {"discriminator has won"}
    bad = {"coverage": 0.05, "precision": 0.05}
    assert signs(changed(bad, certain)) == found
    # Good samples; an unsure discriminator; one that errs; a critic.
    assert signs(changed({}, certain)) == set()
    unsure = certain | {"discriminator_loss": 0.08}
    assert signs(changed(bad, unsure)) == set()
    erring = certain | {"real_accuracy": 0.97}
    assert signs(changed(bad, erring)) == set()
    assert signs(changed(bad, certain, undecided_loss=0.0)) == set()
