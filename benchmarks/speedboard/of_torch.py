"""The same in PyTorch: eager or compiled, with its fused Adam.

A variant is what it does, joined by "+": `compile`, `channels_last`,
`bfloat16` (autocast); `eager` stands for nothing of it.
"""

import contextlib

import torch
from torch.nn import functional

from speedboard.cases import SAMPLE_BATCH, SAMPLES
from speedboard.torch_networks import read_networks

MIN_SCALE = 1e-3  # of tfgen's Gaussian likelihood
DECAY = 0.999  # of the generator's average
RATIO = 0.5  # of the adversary in a VAE-GAN's gradient
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Trainer:
    """A loop by hand over tensors in memory."""

    def __init__(self, case, variant, path):
        torch.manual_seed(0)
        self.case, self.ways = case, variant.split("+")
        networks = read_networks(path)
        self.encoder = networks.get("encoder")
        self.decoder = networks.get("decoder", networks.get("generator"))
        self.discriminator = networks.get("discriminator")
        self.raw_scale = torch.nn.Parameter(torch.zeros((), device=DEVICE))
        self.x = torch.from_numpy(case.data()).to(DEVICE)
        if case.is_image:
            self.x = self.x.permute(0, 3, 1, 2).contiguous()
        for network in networks.values():
            network.to(DEVICE)
            if "channels_last" in self.ways:
                network.to(memory_format=torch.channels_last)
        if "channels_last" in self.ways:
            self.x = self.x.to(memory_format=torch.channels_last)
        self.latent_dim = self.decoder.input_shape[0]
        rate, *betas = case.adam
        self.optimizers = {
            name: torch.optim.Adam(
                parameters, rate, betas, eps=1e-7, fused=True
            )
            for name, parameters in self.parameters().items()
        }
        self.averages = [w.detach().clone() for w in self._averaged()]
        self.take_step = getattr(self, f"_{case.family}")
        if "compile" in self.ways:
            self._compile()

    def parameters(self):
        """Those that are trained, by the name of their optimizer."""
        groups = {
            "encoder": self.encoder,
            "decoder": self.decoder,
            "discriminator": self.discriminator,
        }
        groups = {k: list(v.parameters()) for k, v in groups.items() if v}
        if self.case.family == "vae":
            scale = [self.raw_scale] * (self.case.likelihood == "gaussian")
            return {"vae": groups["encoder"] + groups["decoder"] + scale}
        return groups

    def train(self):
        for rows in self.x.split(self.case.batch):
            self.take_step(rows)
            if self.averages:
                with torch.no_grad():
                    torch._foreach_lerp_(
                        self.averages, self._averaged(), 1.0 - DECAY
                    )
        if DEVICE == "cuda":
            torch.cuda.synchronize()

    @torch.no_grad()
    def sample(self):
        for _ in range(SAMPLES // SAMPLE_BATCH):
            with self._autocast():
                outputs = self.decoder(self._noise(SAMPLE_BATCH)).float()
            if self.case.family != "gan" and self.case.is_image:
                outputs = outputs.sigmoid()
            outputs.cpu().numpy()

    def shapes(self):
        groups = self.parameters().values()
        return [tuple(p.shape) for group in groups for p in group]

    def versions(self):
        return {"torch": torch.__version__}

    # Steps, as in tensorflow_steps.py.

    def _vae(self, x):
        self._update("vae", self._bound(x))

    def _bound(self, x):
        """The negative evidence lower bound."""
        latents, kl = self._posterior(x)
        with self._autocast():
            outputs = self.decoder(latents)
        return self._surprise(x, outputs.float()) + kl

    def _gan(self, x):
        fake = self._generate(self._noise(len(x)))
        self._update("discriminator", self._critique(x, fake.detach()))
        loss = self._generator_loss(x, fake)
        self._update("decoder", loss)

    def _vae_gan(self, x):
        latents, kl = self._posterior(x)
        outputs = [
            self._generate(z) for z in (latents, torch.randn_like(latents))
        ]
        cut = [output.detach().requires_grad_() for output in outputs]
        likeness, adversarial = self._judge(x, *cut)
        (to_match,) = torch.autograd.grad(likeness, cut[:1], retain_graph=True)
        to_fool = torch.autograd.grad(adversarial, cut)
        weight = RATIO * to_match.norm() / to_fool[0].norm()
        encoder = torch.autograd.grad(
            [outputs[0], kl],
            self.parameters()["encoder"],
            [to_match, torch.ones_like(kl)],
            retain_graph=True,
        )
        decoder = torch.autograd.grad(
            outputs,
            self.parameters()["decoder"],
            [to_match + weight * to_fool[0], weight * to_fool[1]],
        )
        fakes = [output.detach().sigmoid() for output in outputs]
        self._update("discriminator", self._critique(x, *fakes))
        self._apply("encoder", encoder)
        self._apply("decoder", decoder)

    def _judge(self, x, *outputs):
        """Losses of similarity and of the adversary."""
        with self._autocast():
            (features, real), (own, fake), (_, sampled) = (
                self.discriminator(each, "features")
                for each in (x, *(output.sigmoid() for output in outputs))
            )
        gap = (features.float() - own.float()).square().flatten(1)
        gap = 0.5 * gap.sum(1).mean()
        real, fake, sampled = real.float(), fake.float(), sampled.float()
        adversarial = functional.softplus(real - fake).mean()
        adversarial = adversarial + functional.softplus(real - sampled).mean()
        likeness = gap / (2.0 * gap.detach() / x[0].numel())
        return likeness, 0.5 * adversarial

    # Parts.

    def _posterior(self, x):
        with self._autocast():
            outputs = self.encoder(x)
        mean, log_variance = outputs.float().chunk(2, -1)
        noise = torch.randn_like(mean)
        terms = mean.square() + log_variance.exp() - log_variance - 1.0
        latents = mean + (0.5 * log_variance).exp() * noise
        return latents, 0.5 * terms.sum(-1).mean()

    def _surprise(self, x, outputs):
        if self.case.likelihood == "bernoulli":
            total = functional.binary_cross_entropy_with_logits(
                outputs, x, reduction="sum"
            )
            return total / len(x)
        scale = functional.softplus(self.raw_scale) + MIN_SCALE
        each = 0.5 * ((x - outputs) / scale).square() + scale.log()
        return each.sum(-1).mean()

    def _generate(self, latents):
        with self._autocast():
            return self.decoder(latents).float()

    def _critique(self, x, *fakes):
        """Relativistic loss with R1 and R2, of one or several kinds."""
        seen = [each.detach().requires_grad_() for each in (x, *fakes)]
        with self._autocast():
            real, *others = (self.discriminator(e).float() for e in seen)
        total = sum((each.sum() for each in others), real.sum())
        slopes = torch.autograd.grad(total, seen, create_graph=True)
        first, *rest = (s.square().flatten(1).sum(1) for s in slopes)
        loss = sum(functional.softplus(each - real) for each in others)
        penalty = first + sum(rest) / len(rest)
        weighed = 0.5 * self.case.penalty * penalty
        return loss.mean() / len(rest) + weighed.mean()

    def _generator_loss(self, x, fake):
        with self._autocast():
            real, fake = self.discriminator(x), self.discriminator(fake)
        return functional.softplus(real.float() - fake.float()).mean()

    def _update(self, name, loss):
        # Of these parameters alone: no gradient of the other networks.
        parameters = self.parameters()[name]
        self._apply(name, torch.autograd.grad(loss, parameters))

    def _apply(self, name, gradients):
        parameters = self.parameters()[name]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizers[name].step()

    def _compile(self):
        """All but what penalties differentiate twice, which it cannot."""
        if self.case.family == "vae":
            self._bound = torch.compile(self._bound)
            return
        self._generate = torch.compile(self._generate)
        self._generator_loss = torch.compile(self._generator_loss)
        self._posterior = torch.compile(self._posterior)
        self._judge = torch.compile(self._judge)

    def _noise(self, rows):
        return torch.randn(rows, self.latent_dim, device=DEVICE)

    def _averaged(self):
        if self.case.family == "vae":
            return []
        return [
            each
            for each in self.decoder.state_dict(keep_vars=True).values()
            if each.is_floating_point()
        ]

    def _autocast(self):
        if "bfloat16" not in self.ways:
            return contextlib.nullcontext()
        return torch.autocast(DEVICE, torch.bfloat16)
