"""Recommended for tables."""

from tfgen.presets.preset import Preset

TABLE_GAN = Preset(
    name="table_gan",
    summary="recommended for tables of numbers: dense 128-128",
    model="gan",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=500,
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128)},
        "latent_dim": 16,
        "loss": "relativistic",
    },
)
