"""Two circles in the plane."""

from tfgen.presets.preset import Preset

CIRCLES_VAE = Preset(
    name="circles_vae",
    summary="two circles in the plane: 2-4-2 networks with ReLU, latent 2",
    model="vae",
    data="circles",
    input_shape=(2,),
    batch_size=100,
    epochs=10,
    options={
        "network": "mlp",
        "network_options": {"units": (4,)},
        "latent_dim": 2,
        "likelihood": "gaussian",
    },
)
