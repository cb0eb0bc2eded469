"""Recommended for points in the plane."""

import keras

from tfgen import losses
from tfgen.presets.preset import Preset


def _optimizers():
    # The generator must move whole clusters; the discriminator only follows.
    return {
        "generator": keras.optimizers.Adam(4e-3, beta_1=0.0, beta_2=0.99),
        "discriminator": keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99),
    }


POINTS_GAN = Preset(
    name="points_gan",
    summary="recommended for points in the plane: four dense layers of 96",
    model="gan",
    data="ring",
    input_shape=(2,),
    batch_size=64,
    epochs=77,
    learning_rate=None,
    optimizers=_optimizers,
    schedule="cosine",
    options={
        "network": "mlp",
        "network_options": {
            "units": (96, 96, 96, 96),
            "uniform_latents": True,
        },
        "latent_dim": 2,
        "loss": "relativistic",
        "penalties": [losses.R1(0.05), losses.R2(0.05)],
    },
)
