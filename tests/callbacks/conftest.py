import numpy as np
import pytest

import tfgen


@pytest.fixture
def images():
    """40 grey 4x4 images of two classes, as a source."""
    rng = np.random.default_rng(0)
    x = rng.random((40, 4, 4, 1), dtype=np.float32)
    return tfgen.data.from_arrays(x, np.arange(40) % 2, value_range=(0, 1))


@pytest.fixture
def make_model():
    """Builds a small VAE of 4x4 images; the same weights each time.

    Its few steps are eager, for tracing takes longer.
    """

    def make(input_shape=(4, 4, 1), run_eagerly=True, **options):
        model = tfgen.build(
            "vae",
            input_shape=input_shape,
            latent_dim=3,
            network="mlp",
            network_options={"units": (8,)},
            seed=0,
            **options,
        )
        model.compile("adam", run_eagerly=run_eagerly)
        return model

    return make
