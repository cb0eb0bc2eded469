"""Recommended for images of 8x8."""

from tfgen.presets.preset import Preset

SMALL_IMAGE_GAN = Preset(
    name="small_image_gan",
    summary="recommended for images of 8 to 16 pixels, minutes on a CPU",
    model="gan",
    data="digits",
    input_shape=(8, 8, 1),
    batch_size=64,
    epochs=300,
    learning_rate=None,
    options={
        "network": "conv",
        "network_options": {"filters": (64, 128), "units": 256},
        "latent_dim": 32,
        "loss": "relativistic",
    },
)
