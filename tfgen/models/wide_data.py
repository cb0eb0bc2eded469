"""More latents for wide data, where a preset's would hold too little."""

import math

import numpy as np

from tfgen.data import Source
from tfgen.data.notes import say
from tfgen.models.preset import Preset

MOST_ROWS = 4000
MOST_LATENTS = 256


def latents_for(preset: Preset, source: Source) -> int | None:
    """As many latents as the preset's `held_variance` asks for; None: its own.

    Of 4,000 rows, and at most 256 latents. It is said in one line.

    Args:
        preset: that a model is made by.
        source: training data.

    Example:
    >>> wide = np.random.default_rng(0).normal(size=(500, 100))
    >>> preset = tfgen.presets.get("detector_table")
    >>> latents_for(preset, tfgen.data.from_arrays(np.float32(wide))) > 80
    True
    """
    share, usual = preset.held_variance, preset.options.get("latent_dim")
    values = math.prod(source.shape)
    if share is None or values <= usual or len(source) <= usual:
        return None
    rows = np.linspace(0, len(source) - 1, min(len(source), MOST_ROWS))
    x = source.rows(rows.round().astype(int))[0].reshape(len(rows), values)
    latents = _components_that_hold(share, x)
    if latents <= usual:
        return None
    say(
        f"{latents} latents instead of {usual}, as so many principal "
        f"components hold {share:.0%} of the variance of {values:,} columns, "
        f"or the most that are taken; latent_dim sets another number."
    )
    return latents


def _components_that_hold(share, x):
    from sklearn.decomposition import PCA

    most = min(MOST_LATENTS, *x.shape)
    pca = PCA(most, svd_solver="randomized", random_state=0).fit(x)
    held = np.cumsum(pca.explained_variance_ratio_)
    return min(most, int(np.searchsorted(held, share)) + 1)
