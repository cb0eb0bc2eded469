"""Recommended for images of 28x28, 32x32 and beyond."""

from tfgen.presets.preset import Preset

IMAGE_VAE_GAN = Preset(
    name="image_vae_gan",
    summary="recommended for images of 28 pixels and more: encodes, sharp",
    model="vae_gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=30,
    learning_rate=None,
    options={
        "network": "conv",
        "latent_dim": 32,
        "objective": "larsen",
    },
)
