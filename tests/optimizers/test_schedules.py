"""Learning rates over a training of 100 steps, by hand."""

import keras
import pytest

import tfgen
from tfgen.optimizers.schedules import SCHEDULES, set_schedule

COURSES = {
    "constant": {0: 1.0, 50: 1.0, 100: 1.0},
    # (1 + cos(pi step / 100)) / 2
    "cosine": {0: 1.0, 25: 0.853553, 50: 0.5, 75: 0.146447, 100: 0.0},
    # From a tenth up over 10 steps, then down over 90.
    "warmup_cosine": {
        **{0: 0.1, 5: 0.55, 10: 1.0, 40: 0.75, 55: 0.5, 100: 0.0},
    },
}
RATE = 4e-3


@pytest.fixture(scope="module")
def gan():
    return tfgen.build(
        "gan", input_shape=(2,), latent_dim=2, discriminator_steps=5
    )


def optimizers(model, name, steps, rates=(RATE, RATE)):
    made = {
        network: keras.optimizers.Adam(rate)
        for network, rate in zip(model.optimizer_names, rates, strict=True)
    }
    set_schedule(model, made, name, steps)
    for optimizer in made.values():
        optimizer.build([keras.Variable([1.0])])
    return made


def rate_at(optimizer, update):
    optimizer.iterations.assign(update)
    return float(optimizer.learning_rate)


def test_every_schedule_has_a_course_here():
    assert COURSES.keys() == SCHEDULES.keys()


@pytest.mark.parametrize("name", COURSES)
def test_course(gan, name):
    generator = optimizers(gan, name, 100)["generator"]
    for step, factor in COURSES[name].items():
        rate = rate_at(generator, step)
        assert rate == pytest.approx(factor * RATE, rel=1e-4, abs=1e-9), step


@pytest.mark.parametrize("name", COURSES)
def test_updates_of_each_network_count(gan, name):
    """Five updates of the discriminator to one of the generator."""
    made = optimizers(gan, name, 100, rates=(RATE, 2 * RATE))
    for step, factor in COURSES[name].items():
        if name == "warmup_cosine" and not step:
            continue  # which begins with one update's share
        rate = rate_at(made["discriminator"], 5 * step)
        expected = 2 * factor * RATE
        assert rate == pytest.approx(expected, rel=0.1, abs=1e-9), step
        assert rate_at(made["generator"], step) == pytest.approx(
            factor * RATE, rel=1e-4, abs=1e-9
        )


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_training_of_a_few_steps(gan, steps):
    """Too short to warm up."""
    generator = optimizers(gan, "warmup_cosine", steps)["generator"]
    assert rate_at(generator, 0) == pytest.approx(RATE)
    assert rate_at(generator, steps) == pytest.approx(0.0, abs=1e-9)


def test_another_name(gan):
    with pytest.raises(ValueError, match="'linear', expected one of constant"):
        optimizers(gan, "linear", 100)
