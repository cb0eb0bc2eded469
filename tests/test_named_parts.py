"""Parts keep their arguments and are found by name, config or themselves."""

import keras
import pytest

from tfgen import losses
from tfgen.named_parts import Configurable


class Base(Configurable):
    def __init__(self, weight=1.0, every=1):
        self.weight, self.every = weight, every


class More(Base):
    def __init__(self, aim, **kwargs):
        super().__init__(**kwargs)
        self.aim = aim


class Other(Base):
    """Passes nothing on: its config is its own argument alone."""

    def __init__(self, aim):
        super().__init__(weight=2.0)
        self.aim = aim


@pytest.mark.parametrize(
    "part, config",
    [
        (Configurable(), {}),
        (Base(every=4), {"weight": 1.0, "every": 4}),
        (More(3, weight=5.0), {"aim": 3, "weight": 5.0, "every": 1}),
        (Other(3), {"aim": 3}),
    ],
)
def test_config_is_the_arguments(part, config):
    assert part.get_config() == config
    again = type(part).from_config(config)
    assert vars(again) == vars(part)


@pytest.mark.parametrize(
    "name", [*losses.ADVERSARIAL_LOSSES, *losses.PENALTIES]
)
def test_files_that_hold_the_module_of_an_older_version(name):
    known = losses.ADVERSARIAL_LOSSES | losses.PENALTIES
    config = keras.saving.serialize_keras_object(known[name]())
    config["module"] = f"tfgen.losses.{name}"
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is known[name]
    assert again.get_config() == config["config"]
