"""pythae's own trainer, of a plain VAE with the networks of the case."""

import importlib.metadata

import pythae.trainers
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.samplers import NormalSampler

from speedboard.cases import SAMPLE_BATCH, SAMPLES
from speedboard.torch_networks import read_networks


class Trainer:
    """Epochs of `pythae.trainers.BaseTrainer`, with its own loader."""

    def __init__(self, case, variant, path):
        networks = read_networks(path)
        latent_dim = networks["decoder"].input_shape[0]
        height, width, channels = case.shape
        config = VAEConfig(
            input_dim=(channels, height, width),
            latent_dim=latent_dim,
            reconstruction_loss="bce",
        )
        self.model = VAE(
            config, Encoder(networks["encoder"]), Decoder(networks["decoder"])
        )
        x = torch.from_numpy(case.data()).permute(0, 3, 1, 2).contiguous()
        rate, *betas = case.adam
        self.trainer = pythae.trainers.BaseTrainer(
            self.model,
            BaseDataset(x, torch.zeros(len(x))),
            training_config=pythae.trainers.BaseTrainerConfig(
                output_dir=str(path.parent / "pythae"),
                per_device_train_batch_size=case.batch,
                learning_rate=rate,
                optimizer_cls="Adam",
                optimizer_params={"betas": betas, "eps": 1e-7},
            ),
        )
        self.trainer.prepare_training()
        self.epoch = 0
        self.sampler = NormalSampler(self.model)

    def train(self):
        self.epoch += 1
        self.trainer.train_step(self.epoch)

    def sample(self):
        self.sampler.sample(SAMPLES, batch_size=SAMPLE_BATCH).cpu().numpy()

    def shapes(self):
        return [tuple(p.shape) for p in self.model.parameters()]

    def versions(self):
        return {"pythae": importlib.metadata.version("pythae")}


class Encoder(BaseEncoder):
    """The case's encoder as pythae wants it."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        mean, log_variance = self.network(x).chunk(2, -1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """The case's decoder as pythae wants it, with probabilities."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, z):
        return ModelOutput(reconstruction=self.network(z).sigmoid())
