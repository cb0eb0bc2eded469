"""Recommended for points in the plane."""

from tfgen.presets.preset import Preset

POINTS_VAE = Preset(
    name="points_vae",
    summary="recommended for points in the plane: dense 128-128-128, latent 2",
    model="vae",
    data="circles",
    input_shape=(2,),
    batch_size=250,
    epochs=150,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128, 128)},
        "latent_dim": 2,
        "likelihood": "gaussian",
        "beta_warmup_steps": 2000,
    },
)
