"""A row out of range is answered by NaN, its neighbours as ever; alone, not."""

import numpy as np
import pytest

import tfgen
from tfgen.export import SavedModelSession, export_saved_model
from tfgen.export.cpp_runtime import RuntimeFailure


@pytest.mark.parametrize(
    ("likelihood", "low"), [("bernoulli", 0.0), ("gaussian", None)]
)
def test_rows_out_of_range_are_nan(likelihood, low, tmp_path):
    model = tfgen.build(
        "vae",
        input_shape=(4, 4, 1),
        latent_dim=2,
        network="mlp",
        likelihood=likelihood,
    )
    x = np.random.default_rng(0).random((3, 4, 4, 1)).astype("float32")
    x[1] *= 255
    x[2, 0, 0] = 1.0005  # rounding, clipped
    export_saved_model(model, tmp_path / "vae")
    with SavedModelSession(tmp_path / "vae" / "1") as session:
        answers = session.run("encode", x=x)
        assert session.run("encode", x=x[:0])["mean"].shape == (0, 2)
        if low == 0:
            message = r"no row of x lies within \[0, 1\].*\] \[\d+\.\d*\]"
            with pytest.raises(RuntimeFailure, match=message):
                session.run("encode", x=x[[1, 1]])
    clipped = np.clip(x, 0, 1) if low == 0 else x
    for name, values in answers.items():
        if low is None:  # real data have no range
            assert np.isfinite(values).all(), name
            continue
        assert np.isnan(values[1]).all(), name
        expected = model.run_endpoint("encode", {"x": clipped[[0, 2]]})[name]
        np.testing.assert_allclose(values[[0, 2]], expected, rtol=1e-5)
