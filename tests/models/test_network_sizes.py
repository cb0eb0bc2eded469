"""Width and depth as options of each network."""

import pytest

import tfgen
from tfgen.models.network_sizes import (
    most_stages,
    rows_at_a_time,
    sized_options,
)

DIGITS, CLOTHES, PHOTOS = (8, 8, 1), (28, 28, 1), (64, 64, 3)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        # Layers of a multilayer perceptron.
        (("mlp", (4,), 64, 3), {"units": (64, 64, 64)}),
        (("mlp", (4,), 64), {"units": (64, 64)}),
        (("mlp", (4,), None, 3), {"units": (512, 512, 512)}),
        ((None, (4,), 32, 1), {"units": (32,)}),
        # 256 is what the networks have by default, and others are shares.
        (("conv", CLOTHES, 256), {"filters": (32, 64), "units": 256}),
        (("conv", CLOTHES, 64), {"filters": (8, 16), "units": 64}),
        ((None, DIGITS, 128), {"filters": (16,), "units": 128}),
        (("dcgan", CLOTHES, 128), {"filters": (32, 64)}),
        (("resnet", CLOTHES, 512), {"filters": (64, 128)}),
        # Stages double up to the widest.
        (("resnet", PHOTOS, 256), {"filters": (32, 64, 128, 128)}),
        (("resnet", PHOTOS, None, 3), {"filters": (32, 64, 128)}),
        (("conv", DIGITS, None, 2), {"filters": (32, 64)}),
        # No layer is left without a unit.
        (("conv", DIGITS, 1, 2), {"filters": (1, 1), "units": 1}),
        # Nothing was asked for.
        (("conv", DIGITS), {}),
        # For the network itself to refuse.
        (("conv", (4,), 64), {}),
        (("foo", DIGITS, 64), {}),
    ],
    ids=str,
)
def test_sizes(arguments, expected):
    assert sized_options(*arguments) == expected


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (
            ("mlp", (2,), 64, None, {"units": (96,) * 4, "activation": "relu"}),
            {"units": (64,) * 4, "activation": "relu"},
        ),
        (("mlp", (2,), None, 2, {"units": (96,) * 4}), {"units": (96, 96)}),
        (
            ("conv", DIGITS, None, 1, {"filters": (64, 128), "units": 256}),
            {"filters": (64,), "units": 256},
        ),
        (
            ("conv", DIGITS, 512, None, {"filters": (16, 16), "units": 9}),
            {"filters": (64, 128), "units": 512},
        ),
    ],
    ids=str,
)
def test_sizes_of_a_base(arguments, expected):
    assert sized_options(*arguments) == expected


@pytest.mark.parametrize("network", ["conv", "dcgan", "resnet"])
@pytest.mark.parametrize("shape", [DIGITS, PHOTOS])
def test_a_width_of_256_is_the_networks_own(network, shape):
    counts = [
        tfgen.build(
            "vae",
            input_shape=shape,
            network=network,
            network_options=sized_options(network, shape, width),
        ).count_params()
        for width in (None, 256)
    ]
    assert counts[0] == counts[1]


def test_images_that_cannot_be_halved_so_often():
    assert most_stages(DIGITS) == 3  # 4, 2, 1
    assert most_stages(CLOTHES) == 5  # 14, 7, 4, 2, 1
    assert sized_options("conv", DIGITS, depth=3)
    message = "depth is 4, but images of 8x8 can be halved 3 times: pass"
    with pytest.raises(ValueError, match=message):
        sized_options("conv", DIGITS, depth=4)


@pytest.mark.parametrize(
    "shape, options, rows",
    [
        # 2**22 numbers, by the 2,000 of the widest layer.
        ((4,), {"network_options": {"units": (2000, 10)}}, 2097),
        # As many outputs of the decoder count, too.
        ((3000,), {"network_options": {"units": (8,)}}, 1398),
        ((4,), {"network_options": {"units": (8,)}}, 4096),
        # 28 x 28 x 64 numbers would be 83 rows.
        (CLOTHES, {"network_options": {"filters": (64,)}}, 256),
    ],
    ids=str,
)
def test_rows_at_a_time(shape, options, rows):
    model = tfgen.build("vae", input_shape=shape, latent_dim=2, **options)
    assert rows_at_a_time(model) == rows
