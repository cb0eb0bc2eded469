"""Recommended for points in the plane."""

from tfgen.presets.preset import Preset

POINTS_GAN = Preset(
    name="points_gan",
    summary="recommended for points in the plane: dense 128-128-128",
    model="gan",
    data="ring",
    input_shape=(2,),
    batch_size=256,
    epochs=150,
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128, 128)},
        "latent_dim": 16,
        "loss": "relativistic",
    },
)
