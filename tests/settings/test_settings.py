"""The table of settings, and settings made of it."""

import json

import hypothesis
import pytest
from hypothesis import strategies as st

import tfgen
from tfgen.models.families import FAMILIES
from tfgen.optimizers.schedules import SCHEDULES
from tfgen.settings.names import _names_in_source, names_of
from tfgen.settings.settings import Settings, as_option
from tfgen.settings.table import SETTINGS, TABLE
from tfgen.training.environment import STRATEGIES
from tfgen.training.precision import PRECISIONS

REGISTRIES = {
    "network": tfgen.networks.NETWORKS,
    "likelihood": tfgen.probability.LIKELIHOODS,
    "loss": tfgen.losses.ADVERSARIAL_LOSSES,
    "augmentation": tfgen.augmentations.AUGMENTATIONS,
    "learning_rate_schedule": SCHEDULES,
    "precision": PRECISIONS,
    "strategy": STRATEGIES,
}


@pytest.mark.parametrize("name", REGISTRIES)
def test_choices_are_what_is_registered(name):
    assert SETTINGS[name].names == tuple(REGISTRIES[name])


def test_names_without_tensorflow_are_those_with_it():
    for setting in TABLE:
        if isinstance(setting.choices, str):
            module, _, name = setting.choices.partition(":")
            found = _names_in_source(module, name)
            assert found == names_of(setting.choices) != ()


def test_every_argument_is_one_of_its_families():
    for setting in TABLE:
        if not setting.is_argument:
            continue
        takers = [f for f in FAMILIES.values() if f.takes(setting)]
        assert takers
        for family in takers:
            assert setting.name in family.options()


def test_excluded_and_joined_settings_exist():
    for setting in TABLE:
        assert set(setting.excludes + setting.joins) <= set(SETTINGS)
        for family in FAMILIES.values():
            if setting.excludes and family.takes(setting):
                assert setting.name in family.alternatives


def values(setting):
    """Values that a setting takes, by its bounds alone."""
    if setting.names:
        return st.sampled_from(setting.names)
    if setting.kind is bool:
        return st.booleans()
    if setting.kind is str:
        return st.from_regex(setting.form[0], fullmatch=True)
    low = setting.least if setting.least is not None else setting.above
    high = setting.most if setting.most is not None else setting.below
    if setting.kind is int:
        return st.integers(low, high)
    return st.floats(
        low,
        high if high is not None else 1e6,
        exclude_min=setting.above is not None,
        exclude_max=setting.below is not None,
    )


ONE_VALUE = st.sampled_from(TABLE).flatmap(
    lambda setting: st.tuples(st.just(setting), values(setting))
)


@hypothesis.given(ONE_VALUE)
def test_a_value_within_its_bounds_is_taken_and_kept(chosen):
    setting, value = chosen
    assert setting.fits(value)
    given = {"strategy": "mirrored", setting.name: value}
    kept = dict(Settings(given))
    off = value is False and not setting.tells_false
    assert kept == ({"strategy": "mirrored"} if off else given)
    # What config.json holds says the same.
    assert dict(Settings(json.loads(json.dumps(kept)))) == kept


@hypothesis.given(
    st.sampled_from([s for s in TABLE if s.kind in (int, float)]),
    st.one_of(st.floats(), st.integers(), st.text(), st.booleans()),
)
def test_other_values_are_refused_with_the_name(setting, value):
    low = setting.least if setting.least is not None else setting.above
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    inside = is_number and float("-inf") < value < float("inf")
    if setting.kind is int:
        inside = inside and isinstance(value, int)
    if inside:
        inside = value > low or (value == low and setting.above is None)
    if inside and setting.most is not None:
        inside = value <= setting.most
    if inside and setting.below is not None:
        inside = value < setting.below
    assert setting.fits(value) == inside
    if not inside:
        assert setting.why_not(value, as_option).startswith(setting.option)


def test_all_reasons_at_once():
    given = {"beta": -1.0, "depth": 0, "replicas": 2, "colour": 1}
    with pytest.raises(ValueError) as error:
        Settings(given, as_option)
    message = str(error.value)
    for part in (
        "no training has a setting 'colour'",
        "--beta is -1, expected a finite number of 0 or more.",
        "--depth is 0, expected a whole number of 1 or more.",
        "--replicas is 2, but one device is used",
    ):
        assert part in message


def test_settings_that_exclude_each_other():
    given = {"adversarial_weight": 2.0, "adversarial_ratio": 0.5}
    with pytest.raises(ValueError, match="exclude each other: leave one out"):
        Settings(given)


def test_settings_of_a_part_that_a_family_lacks():
    given = {"loss": "hinge", "packing": 2}
    with pytest.raises(ValueError) as error:
        Settings(given, family=FAMILIES["vae"])
    assert str(error.value) == (
        "loss is hinge, but a model 'vae' has no discriminator: leave it out. "
        "packing is 2, but it is for a model 'gan', not 'vae': leave it out."
    )


def test_settings_do_not_change():
    settings = Settings({"beta": 1.0})
    with pytest.raises(TypeError):
        settings["beta"] = 2.0
    assert settings.replaced(beta=None, epochs=3) == {"epochs": 3}
    assert settings == {"beta": 1.0}


def test_a_flag_that_is_off_is_absent():
    assert dict(Settings({"conditional": False})) == {}
    with pytest.raises(ValueError, match="conditional is None, expected true"):
        Settings({"conditional": None})
