"""What takes long for a reason that is not seen is said."""

import pytest

import tfgen
from tfgen.models import parts


def test_pseudo_inputs_behind_a_flow():
    with pytest.warns(UserWarning, match="FlowPosterior goes backwards"):
        tfgen.build("vae", input_shape=(5,), posterior="flow", prior="vamp")


def test_a_decoder_of_many_numbers_a_value(monkeypatch):
    monkeypatch.setattr(parts, "LARGE", 10_000)
    options = {"network": "mlp", "network_options": {"units": (8,)}}
    shape = (4, 4, 3)
    tfgen.build("vae", input_shape=shape, **options)
    with pytest.warns(UserWarning, match="Categorical takes 256 numbers a"):
        tfgen.build(
            "vae", input_shape=shape, likelihood="categorical", **options
        )
