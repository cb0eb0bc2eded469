"""The models below a folder of exports, and the kit's files that list them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgen.export.manifest import read_manifest
from tfgen.export.version_folders import check_no_version, list_versions

# Where a name is put: a URL, a file path, YAML, a shell's word.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Rows of inputs that have a meaning of their own.
_KNOWN = {"seed": [1, 2], "label": [0, 1], "alpha": [0.05, 0.05]}


@dataclass(frozen=True)
class ExportedModel:
    """One model with its versions.

    Attributes:
        name: Its folder's name, by which clients ask for it.
        base: The folder that holds the versions.
        versions: Their numbers, ascending.
        signatures: Signatures of the newest version, as in its manifest.
        value_range: The numbers of black and of white in its pictures;
            None if the model knows none.
        num_classes: Number of classes that its labels name; None if it takes
            no labels.
        columns: Names of a table's columns in their order; None for images.
        class_names: Names of the classes, or None.
        label_column: The column of the classes' names, or None.
        detector: By what `detect` was calibrated, or None without it.
    """

    name: str
    base: Path
    versions: tuple[int, ...]
    signatures: dict[str, Any]
    value_range: list[float] | None
    num_classes: int | None
    columns: list[str] | None = None
    class_names: list[str] | None = None
    label_column: str | None = None
    detector: dict[str, Any] | None = None

    @property
    def newest(self) -> int:
        """The highest version."""
        return self.versions[-1]

    @property
    def kubernetes_name(self) -> str:
        """Its name in Kubernetes."""
        return kubernetes_name(self.name)


def find_models(base: str | Path) -> list[ExportedModel]:
    """Return the model whose versions `base` holds, or those in its folders.

    Raises:
        ValueError: If there are neither, or a name does not fit a URL, or the
            newest version is not as it was exported.
    """
    base = Path(base).resolve()
    check_no_version(base)
    folders = [base] if list_versions(base) else _folders_of_models(base)
    if not folders:
        raise ValueError(
            f"Expected {base} to hold a model's versions (1, 2, ...) or "
            "folders of several models that do. Write one with `tfgen export "
            "RUN --to BASE`."
        )
    models = [_read(folder) for folder in folders]
    _check_kubernetes_names(models)
    return models


def kubernetes_name(name: str) -> str:
    """Return a name that a Kubernetes service may have: a-z, 0-9 and -."""
    short = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-")
    return short if short[:1].isalpha() else f"model-{short}".rstrip("-")


def stable_config(models: Sequence[ExportedModel]) -> str:
    """Return `models.config`: the newest version of each model as stable."""
    return _config(
        {model.name: {"stable": model.newest} for model in models}, models
    )


def canary_config(models: Sequence[ExportedModel]) -> str:
    """Return the same with the first model's next version as its canary.

    `stable` stays where it is: the server moves a label only to a version
    that it has loaded already.
    """
    labels = {model.name: {"stable": model.newest} for model in models}
    labels[models[0].name]["canary"] = models[0].newest + 1
    return _config(labels, models)


def curl_calls(model: ExportedModel) -> str:
    """Return the lines of `curl.sh` that ask each signature of a model once.

    What needs an `x` is given the one that `generate` answered. Of those that
    take and give PNG files, `generate_png` is the example.
    """
    names = sorted(model.signatures, key=lambda name: name != "generate")
    lines = []
    for name in names:
        if name == "generate_png" or not name.endswith("_png"):
            lines += _call(model, name)
    return "\n".join(lines)


def _folders_of_models(base: Path) -> list[Path]:
    if not base.is_dir():
        return []
    return sorted(path for path in base.iterdir() if list_versions(path))


def _check_kubernetes_names(models: list[ExportedModel]) -> None:
    taken: dict[str, str] = {}
    for model in models:
        other = taken.setdefault(model.kubernetes_name, model.name)
        if other != model.name:
            raise ValueError(
                f"{other!r} and {model.name!r} would both be called "
                f"{model.kubernetes_name!r} in Kubernetes. Rename one folder."
            )


def _read(folder: Path) -> ExportedModel:
    if not _NAME.fullmatch(folder.name):
        raise ValueError(
            f"Expected the model's folder to have a name of letters, digits, "
            f"'.', '-' and '_', by which clients ask for it, got "
            f"{folder.name!r}. Rename {folder}."
        )
    versions = list_versions(folder)
    manifest = read_manifest(versions[max(versions)])
    signatures = {
        name: {
            side: {
                key: {"dtype": tensor["dtype"], "shape": tensor["shape"]}
                for key, tensor in signature[side].items()
            }
            for side in ("inputs", "outputs")
        }
        for name, signature in manifest["signatures"].items()
        if name != "serving_default"
    }
    reading = manifest.get("reading") or {}
    columns = reading.get("columns")
    return ExportedModel(
        folder.name,
        folder,
        tuple(versions),
        signatures,
        manifest.get("value_range"),
        manifest.get("num_classes"),
        columns and [column["name"] for column in columns],
        reading.get("class_names"),
        reading.get("label_column"),
        manifest.get("detector"),
    )


def _config(
    labels: dict[str, dict[str, int]], models: Sequence[ExportedModel]
) -> str:
    lines = ["model_config_list {"]
    for model in models:
        versions = sorted(labels[model.name].values())
        lines += [
            "  config {",
            f'    name: "{model.name}"',
            f'    base_path: "/models/{model.name}"',
            '    model_platform: "tensorflow"',
            "    model_version_policy {",
            f"      specific {{ versions: {versions} }}",
            "    }",
            *(
                f'    version_labels {{ key: "{label}" value: {version} }}'
                for label, version in labels[model.name].items()
            ),
            "  }",
        ]
    return "\n".join([*lines, "}"])


def _call(model: ExportedModel, name: str) -> list[str]:
    # Two rows, and one where the answer is a file.
    rows = 1 if name == "generate_png" else 2
    inputs = ", ".join(
        rf"\"{key}\": {_rows(key, tensor, rows)}"
        for key, tensor in model.signatures[name]["inputs"].items()
    )
    ask = f'ask {model.name} {name} "{{{inputs}}}"'
    if name == "generate":
        return [
            f"answer=$({ask})",
            f'show "{model.name} {name}" <<<"$answer"',
            "# Its x, for the signatures that take one.",
            'x=${answer#*\\"outputs\\":} x=${x%\\}*}',
        ]
    if name == "generate_png":
        file = f"{model.name}.png"
        return [
            f"{ask} |",
            '  sed -n \'s/.*"b64": *"\\([^"]*\\)".*/\\1/p\' |',
            f"  base64 -d >{file}",
            f'echo "== {model.name} {name}: {file}"',
        ]
    return [f'{ask} | show "{model.name} {name}"']


def _rows(name: str, tensor: dict[str, Any], rows: int) -> str:
    """Rows by the input's name; ones for numbers; zeros for vectors.

    Zeros are the middle of the prior.
    """
    if name in _KNOWN:
        return json.dumps(_KNOWN[name][:rows])
    if name == "x" or name.startswith("x_"):
        return "$x"
    sizes = tensor["shape"][1:]
    row: Any = 0.0 if sizes else 1.0
    for size in reversed(sizes):
        row = [row] * size
    return json.dumps([row] * rows)
