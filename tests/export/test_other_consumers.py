"""OpenVINO, ONNX Runtime and LiteRT answer as the Keras model does.

The code that converts and asks is that of docs/serving.md.
"""

import importlib.util
import pathlib
import re
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import export_saved_model
from tfgen.export.expected_answers import ExpectedAnswers
from tfgen.export.manifest import ANSWERS_FILE

REASON = "needs the extra 'consumers'"
# Tests report to nobody: OpenVINO does without this part where it is missing.
sys.modules["openvino_telemetry"] = None
openvino = pytest.importorskip("openvino", reason=REASON)
onnxruntime = pytest.importorskip("onnxruntime", reason=REASON)
pytest.importorskip("tf2onnx", reason=REASON)
pytest.importorskip("ai_edge_litert", reason=REASON)

ROOT = pathlib.Path(__file__).parents[2]
MODELS = ROOT / "tests" / "conformance" / "models.py"
ONE_THREAD = {"INFERENCE_NUM_THREADS": 1}
SIGNATURES = ("decode", "encode", "reconstruct", "score")

# Each kind of model, for images and tables, with and without labels; each
# likelihood.
NAMES = (
    "vae_table",
    "vae_table_labels",
    "vae_resnet_odd",
    "vae_conv_labels",
    "vae_table_full",
    "vae_table_low_rank",
    "vae_logistic_mixture",
    "vae_categorical",
    "gan_table_wasserstein",
    "gan_mlp",
    "gan_conv_labels",
    "vae_gan_table",
    "vae_gan_conv_odd",
    "vae_gan_conv_labels",
)
# One of each family, with all kinds of layers but residual blocks. What
# `reconstruct` computes is in the others.
FAST = (
    ("vae_table_labels", "score"),
    ("gan_conv_labels", "decode"),
    ("vae_gan_conv_odd", "decode"),
)
CASES = [
    pytest.param(
        *(name, signature),
        marks=[pytest.mark.slow] * ((name, signature) not in FAST),
    )
    for name in NAMES
    for signature in SIGNATURES
    if signature == "decode" or not name.startswith("gan")
]


@pytest.fixture(scope="module")
def models():
    spec = importlib.util.spec_from_file_location("consumers_models", MODELS)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {case.name: case for case in (*module.CASES, *module.SERVED)}


@pytest.fixture(scope="module")
def exported(models, tmp_path_factory):
    """`exported(name)` is the folder of that model's only version."""
    folders = {}

    def export(name):
        if name not in folders:
            base = tmp_path_factory.mktemp("consumers") / name
            model = models[name].build()
            _move(model)
            folders[name] = export_saved_model(
                model, base, serving_default="decode"
            )
        return folders[name]

    return export


def _move(model):
    """Move all weights: some networks answer 0 before training."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        # Variances stay positive, and counters as they are.
        if weight.shape and "variance" not in weight.path:
            noise = random.normal(scale=0.1, size=weight.shape)
            weight.assign(weight + np.float32(noise))


@pytest.fixture(scope="module")
def documented(exported, tmp_path_factory):
    """What the page's two blocks define and compute, run as they stand."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "serving" / "vae").mkdir(parents=True)
    (folder / "serving" / "vae" / "1").symlink_to(exported("vae_mlp"))
    page = (ROOT / "docs" / "serving.md").read_text()
    blocks = re.findall(r"^```\n(import .*?)^```", page, re.M | re.S)
    random = np.random.default_rng(0)
    names = {
        "x": np.float32(random.random((2, 4, 4, 1))),
        "latents": np.float32(random.normal(size=(2, 3))),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks:
            exec(compile(block, "docs/serving.md", "exec"), names)
    return names


def compare(folder, name, run):
    """`run(inputs)`, a list of arrays, with the stored answers.

    Differences are relative to the largest number, where that exceeds 1.
    """
    cases = ExpectedAnswers.load(folder / ANSWERS_FILE).of(name)
    for rows in (3, 8):
        inputs, outputs = cases[rows]
        for (_, expected), answer in zip(
            sorted(outputs.items()), run(inputs), strict=True
        ):
            assert answer.shape == expected.shape
            apart = np.abs(np.float64(expected) - answer).max()
            assert apart <= 1e-4 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("name, signature", CASES)
def test_openvino(name, signature, exported, documented):
    folder = exported(name)
    model = folder  # of which it takes the default
    if signature != "decode":
        loaded = tf.saved_model.load(folder)
        model = openvino.convert_model(loaded.signatures[signature])
    options = {**documented["full"], **ONE_THREAD}
    compiled = openvino.compile_model(model, "CPU", options)
    compare(folder, signature, lambda inputs: [*compiled(inputs).values()])


@pytest.mark.parametrize("name, signature", CASES)
def test_onnx_runtime(name, signature, exported, documented, tmp_path):
    folder = exported(name)
    file = str(tmp_path / "model.onnx")
    documented["to_onnx"](str(folder), signature, file)
    session = onnxruntime.InferenceSession(file)
    names = sorted(output.name for output in session.get_outputs())
    assert all(name.startswith(f"{signature}_") for name in names)
    compare(folder, signature, lambda inputs: session.run(names, inputs))


# Without log1p and expm1, it has no score of a discretized logistic.
LITERT = [
    case.values
    for case in CASES
    if case.values != ("vae_gan_conv_odd", "score")
]


@pytest.mark.slow  # but for the page's, below
@pytest.mark.parametrize("name, signature", LITERT)
def test_litert(name, signature, exported, documented):
    folder = exported(name)
    run = documented["lite"](str(folder), signature)

    def answers(inputs):
        outputs = run(**inputs)
        return [outputs[key] for key in sorted(outputs)]

    compare(folder, signature, answers)


def test_the_page_computes_what_tensorflow_does(documented, exported):
    loaded = tf.saved_model.load(exported("vae_mlp"))
    x = tf.constant(documented["x"])
    latent = tf.constant(documented["latents"])
    encoded = loaded.signatures["encode"](x=x)
    expected = {
        "samples": loaded.signatures["decode"](latent=latent)["x"],
        "mean": encoded["mean"],
        "stddev": encoded["stddev"],
        "scores": loaded.signatures["score"](x=x)["score"],
    }
    expected["lite_scores"] = expected["scores"]
    for name, values in expected.items():
        np.testing.assert_allclose(documented[name], values, rtol=1e-4)
