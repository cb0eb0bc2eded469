"""Evidence lower bound and adversary on grey images."""

from tfgen.presets.preset import Preset

VAE_GAN = Preset(
    name="vae_gan",
    summary="28x28: Bernoulli ELBO plus lambda times the adversarial loss",
    model="vae_gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    learning_rate=None,
    options={
        "network": "conv",
        "latent_dim": 16,
        "objective": "elbo_adversarial",
        "likelihood": "bernoulli",
    },
)
