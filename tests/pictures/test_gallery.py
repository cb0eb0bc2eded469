"""Which pictures there are goes by what the model can do."""

import numpy as np
import pytest

import tfgen
from tfgen.pictures import gallery

OF_IMAGES = {"side_by_side", "traversals"}
ALL = {"samples", "reconstructions", "latents", *OF_IMAGES}
GAN = ("generate", "decode", "discriminate")


@pytest.mark.parametrize(
    "shape, has, with_source, names",
    [
        ((8, 8, 1), (), True, ALL),
        ((8, 8, 3), (), True, ALL),
        ((8, 8, 1), (), False, {"samples", "traversals"}),
        ((8, 8, 1), GAN, True, {"samples", "traversals"}),
        ((8, 8, 1), ("generate",), True, {"samples"}),
        ((2,), (), True, ALL - OF_IMAGES),
        ((5,), GAN, True, {"samples"}),
        ((8, 8, 4), (), False, set()),
        ((8, 8), (), False, set()),
    ],
)
def test_names(stand_in, make_source, shape, has, with_source, names):
    source = make_source(shape) if with_source else None
    pictures = gallery(stand_in(shape, has=has), source)
    assert set(pictures) == names
    for picture in pictures.values():
        assert picture.dtype == np.uint8 and picture.ndim == 3


def test_a_conditional_model_and_data_without_labels(stand_in, make_source):
    model = stand_in((8, 8, 1), num_classes=2)
    pictures = gallery(model, make_source((8, 8, 1)))
    assert set(pictures) == {"samples", "traversals"}


@pytest.mark.parametrize("observation_noise", [True, False])
@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_real_model(make_source, observation_noise, num_classes, likelihood):
    model = tfgen.build(
        "vae",
        input_shape=(4, 4, 3),
        latent_dim=2,
        network="mlp",
        network_options={"units": (8,)},
        likelihood=likelihood,
        num_classes=num_classes,
        observation_noise=observation_noise,
    )
    pictures = gallery(model, make_source((4, 4, 3), classes=3))
    assert set(pictures) == ALL


def test_no_global_state_of_matplotlib(stand_in, make_source, run_python):
    import matplotlib

    before = dict(matplotlib.rcParams)
    gallery(stand_in((8, 8, 1)), make_source((8, 8, 1), classes=2))
    assert dict(matplotlib.rcParams) == before
    code = """
import sys
import tfgen
before = "matplotlib.pyplot" in sys.modules  # Keras may import it
tfgen.pictures.loss_plot({"loss": [1.0, 2.0]})
print(("matplotlib.pyplot" in sys.modules) == before)
"""
    assert run_python(code) == "True\n"


def test_grids_need_no_matplotlib(run_python):
    code = """
import sys
import tfgen
for name in [*sys.modules, "matplotlib"]:  # Keras may have imported it
    if name.split(".")[0] == "matplotlib":
        sys.modules[name] = None
from tfgen import pictures
model = tfgen.build("vae", input_shape=(4, 4, 1), network="mlp")
pictures.write_png("a.png", pictures.samples_picture(model, num_samples=4))
print("drawn")
"""
    assert run_python(code) == "drawn\n"
