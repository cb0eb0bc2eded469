"""Recommended for images of 28x28, 32x32 and beyond."""

from tfgen.presets.preset import Preset

IMAGE_GAN = Preset(
    name="image_gan",
    summary="recommended for images of 28 pixels and more: residual networks",
    model="gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=30,
    learning_rate=None,
    options={
        "network": "resnet",
        "latent_dim": 64,
        "loss": "relativistic",
    },
)
