"""A folder with everything to run exported models on TensorFlow Serving."""

import json
import os
import re
import shlex
import shutil
import string
import uuid
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from tfgen.export.serving_kit.exported_models import (
    ExportedModel,
    canary_config,
    curl_calls,
    find_models,
    kubernetes_name,
    stable_config,
)

# The newest image that is known to exist; it runs exports of TensorFlow 2.21.
TF_SERVING_TAG = "2.20.0"
_SUFFIX = ".template"
# Written once a model, under its name.
_ONE_A_MODEL = "kserve/inference-service.yaml"
# Written where a model is a detector.
_OF_DETECTORS = (
    "clients/alarms.py",
    "grafana/dashboards/detector.json",
    "prometheus/detector-rules.yml",
)
_SCRAPE_OF_DETECTORS = """
  # What clients/alarms.py counts, in a program on the machine itself.
  - job_name: tfgen-detector
    static_configs:
      - targets: ["host.docker.internal:9464"]
"""
_README_OF_DETECTORS = """
## Detect

```
env/bin/python clients/client_grpc.py --detect DATA --alpha 0.01   # flags.csv
```

`detect` takes `alpha` with each row, `explain` says which values are odd. The
server does not count what it answers, so who asks does: `clients/alarms.py`
says how a program of yours is counted at port 9464, or `--metrics FILE` writes
it for the node exporter. Grafana's dashboard "Detector" shows the rate of
alarms beside alpha, `prometheus/detector-rules.yml` alerts where it is no
chance any more.
"""


class _Template(string.Template):
    """`@@{name}`: the files have dollar signs of their own."""

    delimiter = "@@"


def write_serving_kit(base: str | Path, out: str | Path) -> Path:
    """Write what a platform team needs to serve exported models.

    A compose file, the server's configuration, metrics with alerts and a
    dashboard, manifests for Kubernetes and KServe, a Dockerfile, clients for
    REST and gRPC, and a README.md that goes through it step by step. The
    folder appears whole or not at all.

    Args:
        base: Folder of one model's versions, or of several models' folders.
            Models are served under their folders' names, in the newest
            version.
        out: The folder to write, not there yet or empty.

    Returns:
        `out`.

    Raises:
        ValueError: If there is no model, `out` holds something or lies in
            `base`, or a path or a name cannot be written into the files.

    Example:
    >>> gan = tfgen.build("gan", input_shape=(3,), latent_dim=2)
    >>> path = tfgen.export.export_saved_model(gan, "serving/gan")
    >>> kit = write_serving_kit("serving/gan", "kit")
    >>> sorted(path.name for path in kit.glob("*.*"))
    ['README.md', 'compose.yaml', 'curl.sh', 'kustomization.yaml']
    """
    base, out = Path(base), Path(out)
    models = find_models(base)
    _check_out(base, out)
    values = _values(models, base, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}-{uuid.uuid4().hex}")
    try:
        _write(models, values, temporary)
        # Replaces an empty folder, and fails if something is in it by now.
        os.rename(temporary, out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return out


def _check_out(base: Path, out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            f"{out} holds files already, which may have been changed by hand; "
            "a kit never overwrites. Pass another folder, or remove it."
        )
    if out.resolve().is_relative_to(base.resolve()):
        raise ValueError(
            f"{out} lies in {base}, where the server looks for models. Pass a "
            "folder beside it."
        )


def _write(
    models: Sequence[ExportedModel], values: dict[str, str], folder: Path
) -> None:
    detects = any(model.detector for model in models)
    for name, text in _templates():
        if name in _OF_DETECTORS and not detects:
            continue
        if name == _ONE_A_MODEL:
            for model in models:
                own = {
                    "model": model.name,
                    "service": model.kubernetes_name,
                    **values,
                }
                path = folder / f"kserve/{model.kubernetes_name}.yaml"
                _write_text(path, _Template(text).substitute(own))
        else:
            _write_text(folder / name, _Template(text).substitute(values))
    description = json.dumps(_describe(models), indent=2) + "\n"
    _write_text(folder / "clients/models.json", description)


def _templates() -> Iterator[tuple[str, str]]:
    root = resources.files("tfgen.export.serving_kit") / "templates"
    folders = [("", root)]
    while folders:
        prefix, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{prefix}{entry.name}/", entry))
            elif entry.name.endswith(_SUFFIX):
                name = prefix + entry.name.removesuffix(_SUFFIX)
                yield name, entry.read_text("utf-8")


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    if text.startswith("#!"):
        path.chmod(0o755)


def _describe(models: Sequence[ExportedModel]) -> dict[str, Any]:
    return {
        model.name: {
            "version": model.newest,
            "value_range": model.value_range,
            "num_classes": model.num_classes,
            "columns": model.columns,
            "class_names": model.class_names,
            "label_column": model.label_column,
            "detector": model.detector,
            "signatures": model.signatures,
        }
        for model in models
    }


def _values(
    models: Sequence[ExportedModel], base: Path, out: Path
) -> dict[str, str]:
    first = models[0]
    single = first.base == base.resolve()
    source = _relative(base, out)
    first_base = source if single else f"{source}/{first.name}"
    slug = kubernetes_name(base.resolve().name)
    detects = any(model.detector for model in models)
    return {
        "title": ", ".join(model.name for model in models),
        "slug": slug,
        "service_name": slug if slug.endswith("serving") else f"{slug}-serving",
        "tf_serving_tag": TF_SERVING_TAG,
        "models_source": source,
        "models_word": shlex.quote(source),
        "models_target": f"/models/{first.name}" if single else "/models",
        "model_words": " ".join(model.name for model in models),
        "first_model": first.name,
        "client_model": "" if len(models) == 1 else f"--model {first.name} ",
        "first_base": shlex.quote(first_base),
        "next_base": shlex.quote(f"{first_base}/{first.newest + 1}"),
        "image_version": str(first.newest) if single else "1",
        "current_version": str(first.newest),
        "next_version": str(first.newest + 1),
        "detector_scrape": _SCRAPE_OF_DETECTORS if detects else "",
        "detector_readme": _README_OF_DETECTORS if detects else "",
        "models_config": stable_config(models),
        "canary_config": canary_config(models),
        "curl_calls": "\n\n".join(curl_calls(model) for model in models),
        "model_rows": "\n".join(
            f"| `{model.name}` | {model.newest} | "
            + ", ".join(f"`{name}`" for name in model.signatures)
            + " |"
            for model in models
        ),
        "kserve_commands": "\n".join(
            f"kubectl apply -f kserve/{model.kubernetes_name}.yaml   "
            f"# serves {model.name}"
            for model in models
        ),
    }


def _relative(base: Path, out: Path) -> str:
    """The way from the kit to the models, so that both can move together."""
    path = os.path.relpath(base.resolve(), out.resolve())
    if not re.fullmatch(r"[\w./ +,=@-]*", path):
        raise ValueError(
            f"Expected the way from {out} to {base} to be of letters, digits, "
            f"spaces and . / + , = @ - _, got {path!r}, which compose.yaml "
            "cannot hold. Rename the folders."
        )
    return path
