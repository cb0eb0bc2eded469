"""What every model has, those of users included."""

import pytest

import tfgen

CAPABILITIES = (
    "encodes",
    "has_likelihood",
    "has_discriminator",
    "trains_bound",
)


@pytest.mark.parametrize(
    "model, able",
    [
        (tfgen.GenerativeModel, ()),
        (tfgen.VAE, ("encodes", "has_likelihood", "trains_bound")),
        (tfgen.GAN, ("has_discriminator",)),
        (tfgen.VAEGAN, ("encodes", "has_likelihood", "has_discriminator")),
    ],
)
def test_capabilities(model, able):
    found = [name for name in CAPABILITIES if getattr(model, name)]
    assert found == list(able)
