"""Recommended for small grey images."""

from tfgen.presets.preset import Preset

SMALL_IMAGE_VAE = Preset(
    name="small_image_vae",
    summary="recommended for grey images of 8 to 64 pixels, minutes on a CPU",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    options={"network": "conv", "latent_dim": 16, "likelihood": "bernoulli"},
)
