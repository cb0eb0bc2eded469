"""More latents where a preset's would hold too little of the variance."""

import numpy as np
import pytest

import tfgen
from tfgen.data import DataNote
from tfgen.models.wide_data import latents_for
from tfgen.runs.model import compiled_model
from tfgen.runs.settings import with_defaults


def with_variances(*groups):
    """400 rows whose principal components have these variances, exactly.

    Args:
        *groups: pairs of how many and which variance.
    """
    variances = np.concatenate([np.full(n, v) for n, v in groups])
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, len(variances)))
    rows = np.linalg.qr(rows - rows.mean(axis=0))[0] * np.sqrt(variances * 400)
    turn = np.linalg.qr(rng.normal(size=(len(variances),) * 2))[0]
    rows = np.float32(rows @ turn)
    return tfgen.data.from_arrays(rows, kind="table", standardize=False)


WIDE = [(100, 1.0), (50, 0.01)]
"""Of 100.5 in all 96 hold 95.52%, and 95 less than 95%."""


@pytest.mark.parametrize(
    ("groups", "latents"),
    [
        (WIDE, 96),
        ([(300, 1.0)], 256),  # the most that are taken
        ([(60, 1.0), (50, 0.001)], None),  # 58 would do
        ([(64, 1.0)], None),  # there are no more columns
    ],
)
def test_as_many_as_hold_95_percent(groups, latents, recwarn):
    preset = tfgen.presets.get("detector_table")
    assert latents_for(preset, with_variances(*groups)) == latents
    said = [str(w.message) for w in recwarn if w.category is DataNote]
    assert len(said) == (latents is not None)
    if said:
        assert said[0].startswith(f"{latents} latents instead of 64")


def test_built_trained_and_told_otherwise():
    source = with_variances(*WIDE)
    settings = {"preset": "detector_table", "epochs": 1, "batch_size": 200}
    with pytest.warns(DataNote, match="96 latents instead of 64"):
        assert with_defaults(settings, source)["latent_dim"] == 96
    kept = with_defaults(settings | {"latent_dim": 3}, source)
    assert kept["latent_dim"] == 3
    assert compiled_model(kept, source).latent_dim == 3
    # With a promise to each row nothing is looked up in them.
    private = with_defaults(settings | {"privacy": "epsilon=3"}, source)
    assert "latent_dim" not in private
    with pytest.warns(DataNote, match="96 latents instead of 64"):
        built = tfgen.build(preset="detector_table", data=source)
    assert built.latent_dim == 96
    few = tfgen.build(preset="detector_table", data=source, latent_dim=3)
    assert few.latent_dim == 3
