"""`detect` and `explain` in the runtime of a server: as in Python.

Rows are asked 200 at a time on both sides: a row's answer may differ in its
last bits with the number of rows beside it.
"""

import types

import detectors
import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.detection import Detector
from tfgen.export import SavedModelSession, verify
from tfgen.export.manifest import read_manifest

ALPHAS = (0.01, 0.05, 0.1)
UNITS = np.array([1.0, 20.0, 300.0, 0.01])


def check_same(session, detector, x, given):
    """Scores, p-values and flags to the bit, as float32."""
    for alpha in ALPHAS:
        limits = np.full(len(x), alpha)
        answer = session.run("detect", **given, alpha=limits)
        detector.alpha = alpha
        wanted = detector.detect(x, given.get("label"))
        for key, values in vars(wanted).items():
            np.testing.assert_array_equal(answer[key], np.float32(values))
    assert detector.explains == ("explain" in session.signatures)
    if detector.explains:
        why = detector.explain(x, given.get("label"))
        answer = session.run("explain", **given)
        # Pixels' come of another order of sums, as the graph is optimised.
        np.testing.assert_allclose(answer["share"], why.shares, atol=1e-6)
        np.testing.assert_array_equal(answer["score"], np.float32(why.score))


def kept_and_exported(model, folder, *held_out, **options):
    """Without the signatures that every model has."""
    Detector(model, *held_out, **options).keep()
    return detectors.export_alone(model, folder / "m")


FAMILIES = ["vae", "gan", pytest.param("vae_gan", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=FAMILIES)
def served(request, exact, tmp_path_factory):
    """Of each family a model of a table in units of its own."""

    def rows(n, seed):
        return exact.data(n, seed) * UNITS + 7.0

    source = tfgen.data.from_arrays(rows(100, 0), kind="table")
    model = tfgen.build(
        *(request.param,),
        input_shape=(4,),
        network="mlp",
        network_options={"units": (8,)},
        latent_dim=2,
    )
    model.compile()
    model.fit(source, verbose=0)
    measure = "discriminator" if request.param == "gan" else "elbo"
    held_out = tfgen.data.from_arrays(rows(1999, 1), like=model)
    folder = tmp_path_factory.mktemp("export")
    path = kept_and_exported(model, folder, held_out, measure)
    with SavedModelSession(path) as session:
        yield types.SimpleNamespace(
            model=model, path=path, session=session, rows=rows
        )


def test_the_rate_of_alarms_and_the_bits_of_python(served):
    """Of 200 fresh normal rows within binomial error, in the file's units."""
    raw = served.rows(200, 3)
    x = tfgen.data.from_arrays(raw, like=served.model)
    check_same(served.session, Detector.of(served.model), x, {"x": raw})
    for alpha in ALPHAS:
        given = {"x": raw, "alpha": np.full(200, alpha)}
        alarms = int(served.session.run("detect", **given)["is_odd"].sum())
        assert scipy.stats.binomtest(alarms, 200, alpha).pvalue > 0.01


def test_the_manifest_says_what_it_was_calibrated_by(served):
    manifest = read_manifest(served.path)
    assert manifest["detector"]["held_out"] == 1999
    assert manifest["detector"]["alpha"] == 0.05
    inputs = manifest["signatures"]["detect"]["inputs"]
    assert list(inputs) == ["alpha", "x"]
    assert set(manifest["signatures"]["detect"]["outputs"]) == {
        *("score", "p_value", "is_odd")
    }


@pytest.mark.parametrize(
    ("measure", "rtol"),
    [(["reconstruction", "latent"], 1e-6), ("bound", 1e-6)],
)
def test_other_measures_are_the_same_but_for_rounding(
    exact, tmp_path, measure, rtol
):
    model, x = exact.linear(), 1.5 * exact.data(50, seed=2)
    held_out = exact.data(99, seed=1)
    path = kept_and_exported(model, tmp_path, held_out, measure, k=130)
    wanted = Detector.of(model, alpha=0.1).detect(x)
    with SavedModelSession(path) as session:
        found = session.run("detect", x=x, alpha=np.full(50, 0.1))
    np.testing.assert_allclose(found["score"], wanted.score, rtol)
    np.testing.assert_allclose(found["p_value"], wanted.p_value, rtol)
    np.testing.assert_array_equal(found["is_odd"], wanted.is_odd)
    assert 5 < wanted.is_odd.sum() < 45


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A conditional model of 8x8 images, kept and exported."""
    x = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 1)) / 255
    labels = np.arange(120) % 2
    model = tfgen.build(
        *("vae",),
        input_shape=(8, 8, 1),
        network="mlp",
        latent_dim=2,
        num_classes=2,
    )
    folder = tmp_path_factory.mktemp("export")
    held_out = (x[20:],)
    path = kept_and_exported(model, folder, *held_out, labels=labels[20:])
    return model, path, x[:20], labels[:20]


def test_images_with_classes_and_as_files(images):
    model, path, x, label = images
    with SavedModelSession(path) as session:
        given = {"x": np.float32(x), "label": label}
        check_same(session, Detector.of(model), x, given)
        signatures = session.signatures
        assert {*signatures} >= {"detect_png", "explain_png"}
        assert list(signatures["detect_png"].inputs) == [
            *("alpha", "image_bytes", "label")
        ]
        assert list(signatures["explain_png"].outputs) == ["score", "share"]
        outside = given | {"x": given["x"].copy()}
        outside["x"][0, 3] = 300.0
        answer = session.run("detect", **outside, alpha=np.full(20, 0.1))
    assert all(np.isnan(values[0]) for values in answer.values())
    assert not np.isnan(answer["is_odd"][1:]).any()


@pytest.mark.slow  # beside the same answers in the same runtime
def test_it_verifies(images):
    report = verify(images[1])
    names = {signature.name for signature in report.signatures}
    assert {"detect", "detect_png", "explain", "explain_png"} <= names
