"""A model's endpoints as a SavedModel for TensorFlow Serving."""

import contextlib
import importlib.metadata
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgen.export.batching import write_batching_file
from tfgen.export.expected_answers import BATCH_SIZES, ExpectedAnswers
from tfgen.export.graph_lint import LintedGraph, lint_saved_model
from tfgen.export.manifest import (
    ANSWERS_FILE,
    BATCHING_FILE,
    EXTRA_FOLDER,
    REQUESTS_FOLDER,
    WARM_UP_FILE,
    write_manifest,
)
from tfgen.export.model_answers import check_row_wise, compute_expected_answers
from tfgen.export.sample_requests import write_examples, write_warm_up
from tfgen.export.signatures import Signature, make_signatures
from tfgen.export.version_folders import (
    check_keep,
    check_protect,
    keep_last,
    new_folder,
    new_version,
)
from tfgen.models.rule_limits import described_rules
from tfgen.models.with_reading import in_data_units
from tfgen.training.files import disk_errors_named


def export_saved_model(
    model: keras.Model,
    base: str | Path,
    version: int | None = None,
    *,
    serving_default: str | None = None,
    keep: int | None = None,
    protect: Collection[int] = (),
    flat: bool = False,
    run: dict[str, Any] | None = None,
) -> Path:
    """Write `base/<version>/` for TensorFlow Serving, whole or not at all.

    Every endpoint becomes a signature of the same name and, where PNG can
    hold its images, another, `NAME_png`, that takes and gives files. Rows of a
    table come and go in its own units, as float64 and float32, if the model
    has a `reading`; latents and scores are the model's. A model that keeps
    scores of held-out rows answers `detect` and `explain`. Each weight is
    stored once. Outputs are float32 or strings. Before the folder
    gets its name, its graph is checked for what a stock server cannot run,
    and the model for answers that depend on other rows of a batch.

    Beside the graph lie `batching_params.pbtxt` and, in `assets.extra/`, one
    warm-up request a signature (`tf_serving_warmup_requests`), the same as
    JSON (`requests/`), `expected_answers.npz` (the Keras model's answers,
    which `verify` compares) and `manifest.json` (versions, signatures, sha256
    of the files).

    Args:
        model: A model with `endpoints()`, `compiled_endpoint(name)` and
            `run_endpoint(name, inputs)`, built.
        base: Folder of this model's versions, on a local file system.
        version: Integer from 1 to 2**63 - 1; default is one above the
            highest there.
        serving_default: Signature that requests without a name get; default:
            `generate`, or else the first one.
        keep: How many versions to keep; earlier ones that tfgen wrote are
            removed once the new one is in place. Default: all.
        protect: Versions that stay whatever `keep` says. Name those that a
            server's configuration names, and the one to roll back to.
        flat: Write `base` itself, as Vertex AI wants it, instead of a
            version in it. There must be nothing yet.
        run: Facts about the training for the manifest; fit for JSON.

    Returns:
        The new folder.

    Raises:
        ValueError: If the version exists, or the model cannot be served; the
            message names the signature and the operation. Nothing is left.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(3,), latent_dim=2)
    >>> print(export_saved_model(vae, "serving/vae"))
    serving/vae/1
    """
    if not hasattr(model, "compiled_endpoint"):
        raise ValueError(
            "Expected a model with endpoints, compiled_endpoint() and "
            f"run_endpoint(), got {type(model).__name__}. Pass a tfgen model."
        )
    check_keep(keep)
    if flat and (version is not None or keep is not None or protect):
        raise ValueError(
            "Expected neither version nor keep nor protect with flat=True, "
            "which writes one folder without versions. Leave them out."
        )
    check_protect(base, protect)
    model = in_data_units(_detecting(model))
    place = new_folder(base) if flat else new_version(base, version)
    with disk_errors_named(base), place as folder:
        signatures = make_signatures(model, serving_default)
        name = Path(base).resolve().name
        _write(model, signatures, folder.path, name, run)
    if keep is not None:
        keep_last(base, keep, int(folder.path.name), protect)
    return folder.path


def _detecting(model: keras.Model) -> Any:
    """The model, with `detect` and `explain` where it keeps what they need."""
    if getattr(model, "held_out_scores", None) is None:
        return model
    from tfgen.detection.endpoints import DetectingModel

    return DetectingModel(model)


def _write(
    model: keras.Model,
    signatures: dict[str, Signature],
    path: Path,
    name: str,
    run: dict[str, Any] | None,
) -> None:
    _write_graph(signatures, path)
    graph = lint_saved_model(path)
    with _full_precision():
        answers = compute_expected_answers(model, signatures)
        check_row_wise(model, answers, graph)
    (path / EXTRA_FOLDER).mkdir()
    answers.save(path / ANSWERS_FILE)
    default = next(iter(signatures))
    requests = _requests(answers, default)
    write_warm_up(path / WARM_UP_FILE, name, requests.items())
    write_examples(path / REQUESTS_FOLDER, requests.items())
    write_batching_file(path / BATCHING_FILE)
    write_manifest(path, _describe(model, graph, default, run))


def _write_graph(signatures: dict[str, Signature], path: Path) -> None:
    archive = keras.export.ExportArchive()
    # No track(): with it every weight would be stored twice.
    for signature in signatures.values():
        archive.add_endpoint(
            signature.name,
            signature.function,
            input_signature=signature.specs,
        )
    archive.write_out(str(path), verbose=False)


@contextlib.contextmanager
def _full_precision() -> Iterator[None]:
    """Compute in float32 on GPUs that round to TensorFloat-32 otherwise."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def _requests(answers: ExpectedAnswers, default: str) -> dict[str, dict]:
    """The smallest inputs of each signature."""
    smallest = min(BATCH_SIZES)
    requests = {
        signature: inputs
        for (signature, batch), (inputs, _) in answers.cases.items()
        if batch == smallest
    }
    return {**requests, "serving_default": requests[default]}


def _describe(
    model: keras.Model,
    graph: LintedGraph,
    default: str,
    run: dict[str, Any] | None,
) -> dict[str, Any]:
    reading = getattr(model, "reading", None)
    held_out = getattr(model, "held_out_scores", None)
    detector = {"detector": held_out.describe()} if held_out else {}
    has_rules = reading is not None and reading.rules
    rules = {"rules": described_rules(model)} if has_rules else {}
    return {
        "versions": {
            "tfgen": importlib.metadata.version("tfgen"),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "model": getattr(model, "model_name", type(model).__name__),
        "data_shape": getattr(model, "data_shape", None),
        "value_range": getattr(model, "data_range", None),
        "latent_dim": getattr(model, "latent_dim", None),
        "num_classes": getattr(model, "num_classes", None),
        "reading": reading and reading.to_json(),
        "run": run,
        **detector,
        **rules,
        "signatures": {
            name: {
                **asdict(signature),
                "endpoint": default if name == "serving_default" else name,
                "precision": graph.precisions[name],
                "request": f"{REQUESTS_FOLDER}/{name}.json",
            }
            for name, signature in graph.signatures.items()
        },
    }
