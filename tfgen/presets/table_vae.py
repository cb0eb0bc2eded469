"""Recommended for tables."""

from tfgen.presets.preset import Preset

TABLE_VAE = Preset(
    name="table_vae",
    summary="recommended for tables of numbers: dense 128-128, learned scale",
    model="vae",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=200,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128)},
        "latent_dim": 8,
        "likelihood": "gaussian",
    },
)
