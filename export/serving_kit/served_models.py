"""The models below a folder of exports, as the kit describes them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgen.export.manifest import read_manifest
from tfgen.export.version_folders import list_versions

# Where a name is put: a URL, a file path, YAML, a shell's word.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class ServedModel:
    """One model with its versions.

    Attributes:
        name: Its folder's name, by which clients ask for it.
        base: The folder that holds the versions.
        versions: Their numbers, ascending.
        signatures: Of the newest version, as its manifest has them.
        value_range: The numbers of black and of white in its pictures;
            None if the model knows none.
        num_classes: Of its labels; None if it takes none.
    """

    name: str
    base: Path
    versions: tuple[int, ...]
    signatures: dict[str, Any]
    value_range: list[float] | None
    num_classes: int | None

    @property
    def newest(self) -> int:
        return self.versions[-1]

    @property
    def kubernetes_name(self) -> str:
        return kubernetes_name(self.name)


def find_models(base: str | Path) -> list[ServedModel]:
    """Return the model whose versions `base` holds, or those in its folders.

    Raises:
        ValueError: If there are neither, or a name does not fit a URL, or the
            newest version is not as it was exported.
    """
    base = Path(base).resolve()
    if (base / "saved_model.pb").exists():
        raise ValueError(
            f"Expected a folder of versions, got one version, {base}. Pass "
            f"{base.parent}."
        )
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


def _folders_of_models(base: Path) -> list[Path]:
    if not base.is_dir():
        return []
    return sorted(path for path in base.iterdir() if list_versions(path))


def _check_kubernetes_names(models: list[ServedModel]) -> None:
    taken: dict[str, str] = {}
    for model in models:
        other = taken.setdefault(model.kubernetes_name, model.name)
        if other != model.name:
            raise ValueError(
                f"{other!r} and {model.name!r} would both be called "
                f"{model.kubernetes_name!r} in Kubernetes. Rename one folder."
            )


def _read(folder: Path) -> ServedModel:
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
    return ServedModel(
        folder.name,
        folder,
        tuple(versions),
        signatures,
        manifest.get("value_range"),
        manifest.get("num_classes"),
    )
