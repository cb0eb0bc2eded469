"""Figures of docs/vaes.md: likelihoods, beta, densities, objectives on digits.

    python benchmarks/vae_terms.py    # some minutes of one processor

All train the same dense networks, 16 latents, 60 epochs in batches of 64, seed
0; figures are of the test split, in nats an example.
"""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
from scipy.special import logsumexp

from tfgen.metrics.importance_weighted_bound import BLOCK, LogWeights

EPOCHS = 60
DRAWS = 500
LIKELIHOODS = (
    "continuous_bernoulli",
    "discretized_logistic",
    "logistic_mixture",
    "autoregressive",
    "gaussian",
)
RUNS = {
    "all defaults (`bernoulli`)": {},
    **{f"`{name}`": {"likelihood": name} for name in LIKELIHOODS},
    "`beta=0.25`": {"beta": 0.25},
    "`beta=4`": {"beta": 4.0},
    "`beta_warmup_steps=690`": {"beta_warmup_steps": 690},
    "`free_bits=0.5`": {"free_bits": 0.5},
    "`num_classes=10`": {"num_classes": 10},
    "`autoregressive`, `free_bits=0.5`": {
        "likelihood": "autoregressive",
        "free_bits": 0.5,
    },
    "`AutoregressiveImage(blocks=1)`": {
        "likelihood": lambda: tfgen.probability.AutoregressiveImage(blocks=1)
    },
    '`prior="gaussian_mixture"`': {"prior": "gaussian_mixture"},
    '`prior="vamp"`': {"prior": "vamp"},
    '`prior="flow"`': {"prior": "flow"},
    '`prior="autoregressive"`': {"prior": "autoregressive"},
    '`prior="two_stage"`': {"prior": "two_stage"},
    '`posterior="full"`': {"posterior": "full"},
    '`posterior="flow"`': {"posterior": "flow"},
    "`latent_dims=(8, 8)`": {"latent_dims": (8, 8)},
    '`latent_dims=(8, 8), prior="vamp"`': {
        "latent_dims": (8, 8),
        "prior": "vamp",
    },
    "`latent_dims=(8, 8), top_down=True`": {
        "latent_dims": (8, 8),
        "top_down": True,
    },
    '`objective="iwae"`': {"objective": "iwae"},
    '`objective="total_correlation", beta=4`': {
        "objective": "total_correlation",
        "beta": 4.0,
    },
    '`objective="mmd"`': {"objective": "mmd"},
    '`objective="mmd", beta=0.1`': {"objective": "mmd", "beta": 0.1},
}
BOUNDED = (
    {},
    {"objective": "iwae", "objective_draws": 5},
    {"objective": "iwae"},
    {"latent_dims": (8, 8)},
    {"latent_dims": (8, 8), "prior": "vamp"},
    {"latent_dims": (8, 8), "top_down": True},
)
"""Whose bounds by 500 draws are compared."""
FITTED = ("gaussian_mixture", "vamp", "two_stage")
"""Priors that are fitted to the model of all defaults."""


def main():
    train, test = (
        tfgen.data.load("digits", split=split) for split in ("train", "test")
    )
    print(
        "| | negative ELBO | reconstruction | KL | active latents | squared "
        "error |\n|---|---|---|---|---|---|",
        flush=True,
    )
    for name, options in RUNS.items():
        model = _trained(options, train)
        print(_row(name, model, test), flush=True)
    model = _trained({}, train)
    for prior in FITTED:
        model.set_prior("standard_normal")
        tfgen.fit_prior(model, train, prior, verbose=False)
        name = f'`fit_prior(model, data, "{prior}")`'
        print(_row(name, model, test), flush=True)
    for options in BOUNDED:
        bound = _closer_bound(_trained(options, train), test.arrays()[0])
        print(f"{options}: {bound:.1f} by {DRAWS} draws", flush=True)


def _trained(options, train):
    model = tfgen.build("vae", data=train, network="mlp", seed=0, **options)
    model.compile()
    labelled = model.num_classes is not None
    batches = train.batches(64, labels=labelled)
    model.fit(batches, epochs=EPOCHS, verbose=0)
    return model


def _row(name, model, test):
    labelled = model.num_classes is not None
    x, labels = test.arrays()
    labels = labels if labelled else None
    data = (x, labels) if labelled else (x,)
    logs = model.evaluate(*data, batch_size=180, verbose=0, return_dict=True)
    terms = (
        logs[term]
        for term in ("negative_elbo", "reconstruction_loss", "kl_loss")
    )
    cells = [f"{nats:.1f}" for nats in terms]
    active = tfgen.metrics.active_units(model, x, labels).count
    error = np.mean((model.reconstruct(x, labels) - x) ** 2)
    return f"| {' | '.join([name, *cells, str(active), f'{error:.4f}'])} |"


def _closer_bound(model, x):
    """The importance-weighted bound, grey values taken as shares of "on"."""
    log_weights = LogWeights(model, seed=0)
    place = {"first_row": 0, "start": 0, "stop": BLOCK}
    found = [
        log_weights({"x": x}, block=block, **place)
        for block in range(DRAWS // BLOCK)
    ]
    return np.mean(logsumexp(np.concatenate(found, 1), 1)) - np.log(DRAWS)


if __name__ == "__main__":
    main()
