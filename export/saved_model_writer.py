"""A model's endpoints as a SavedModel for TensorFlow Serving."""

import contextlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfgen.export.graph_lint import lint_saved_model
from tfgen.export.manifest import ANSWERS_FILE, EXTRA_FOLDER, write_manifest
from tfgen.export.meta_graph import parse_signatures
from tfgen.export.model_answers import compute_expected_answers
from tfgen.export.signatures import Signature, make_signatures
from tfgen.export.version_folders import new_version


def export_saved_model(
    model: keras.Model,
    base: str | Path,
    version: int | None = None,
    *,
    serving_default: str | None = None,
) -> Path:
    """Write `base/<version>/` for TensorFlow Serving, whole or not at all.

    Every endpoint becomes a signature of the same name and, where PNG can
    hold its images, another, `NAME_png`, that takes and gives files. Each
    weight is stored once. Outputs are float32 or strings. Before the folder
    gets its name, its graph is checked for what a stock server cannot run.

    `assets.extra/` receives `manifest.json` (versions, signatures, sha256 of
    the files) and `expected_answers.npz` (the Keras model's answers, which
    `verify` compares); the server ignores both.

    Args:
        model: A model with `endpoints()` and `run_endpoint(name, inputs)`,
            built.
        base: Folder of this model's versions, on a local file system.
        version: Integer from 1 on; default is one above the highest there.
        serving_default: Signature that requests without a name get; default:
            `generate`, or else the first one.

    Returns:
        The new folder.

    Raises:
        ValueError: If the version exists, or the model cannot be served; the
            message names the signature and the operation. Nothing is left.
    """
    if not hasattr(model, "endpoints") or not hasattr(model, "run_endpoint"):
        raise ValueError(
            "Expected a model with endpoints() and run_endpoint(), got "
            f"{type(model).__name__}. Pass a tfgen model."
        )
    signatures = make_signatures(model, serving_default)
    with new_version(base, version) as folder:
        _write_graph(signatures, folder.path)
        precisions = lint_saved_model(folder.path)
        with _full_precision():
            answers = compute_expected_answers(model, signatures)
        (folder.path / EXTRA_FOLDER).mkdir()
        answers.save(folder.path / ANSWERS_FILE)
        write_manifest(
            folder.path,
            _describe(model, folder.path, precisions, next(iter(signatures))),
        )
    return folder.path


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


def _describe(
    model: keras.Model, path: Path, precisions: dict[str, str], default: str
) -> dict[str, Any]:
    content = (path / "saved_model.pb").read_bytes()
    meta_graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    signatures = parse_signatures(meta_graph.SerializeToString())
    return {
        "versions": {
            "tfgen": importlib.metadata.version("tfgen"),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "model": type(model).__name__,
        "signatures": {
            name: {
                **asdict(signature),
                "endpoint": default if name == "serving_default" else name,
                "precision": precisions[name],
            }
            for name, signature in signatures.items()
        },
    }
