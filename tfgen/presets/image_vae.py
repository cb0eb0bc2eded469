"""Recommended for colour images."""

from tfgen.presets.preset import Preset

IMAGE_VAE = Preset(
    name="image_vae",
    summary="recommended for colour images: residual networks, learned scale",
    model="vae",
    data="cifar10",
    input_shape=(32, 32, 3),
    batch_size=64,
    epochs=50,
    options={"network": "resnet", "latent_dim": 64, "likelihood": "gaussian"},
)
