import numpy as np
import pytest

from tfgen.pictures import traversals_picture


def test_the_most_active_latent_is_on_top(stand_in, texts):
    model = stand_in((8, 8, 1), latent_dim=3)
    # Latent 2 counts most, latent 3 half as much, latent 1 not at all.
    weights = np.array([0.0, 0.2, 0.1])
    model.pixels = lambda latents: (
        np.ones((1, 8, 8, 1)) * (latents @ weights + 0.5)[:, None, None, None]
    )
    picture = traversals_picture(model, num_latents=2)
    assert texts.all == [
        "latent 2",
        "latent 3",
        "One latent at a time, from -2.5 to 2.5",
    ]
    left = 14 + 7 * len("latent 2")
    assert picture.shape[0] == 34 + 2 * 48 + 2 + 6
    steps = left + 50 * np.arange(11)
    shares = np.linspace(0, 1, 11)
    assert np.abs(picture[34, steps, 0] - 255.0 * shares).max() <= 1
    half = 0.25 + 0.5 * shares
    assert np.abs(picture[34 + 50, steps, 0] - 255.0 * half).max() <= 1


def test_a_class_is_held(stand_in, texts):
    model = stand_in((8, 8, 1), num_classes=3)
    traversals_picture(model, label=2)
    assert set(model.labels["decode"].tolist()) == {2}
    assert texts.all[-1].endswith("class 2")


def test_without_an_encoder_the_other_latents_are_drawn(stand_in):
    generator = stand_in((8, 8, 1), has=("generate", "decode"))
    one, two = (traversals_picture(generator, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, traversals_picture(generator, seed=0))
    vae = stand_in((8, 8, 1))
    np.testing.assert_array_equal(
        traversals_picture(vae, seed=0), traversals_picture(vae, seed=1)
    )


def test_images_only(stand_in):
    with pytest.raises(ValueError, match="of images only"):
        traversals_picture(stand_in((2,)))
