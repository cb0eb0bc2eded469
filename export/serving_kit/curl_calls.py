"""The calls of `curl.sh`: every signature of a model once."""

import json
from typing import Any

from tfgen.export.serving_kit.served_models import ServedModel

_KNOWN = {"seed": [1, 2], "label": [0, 1]}


def curl_calls(model: ServedModel) -> str:
    """Return the lines of shell that ask the model's signatures.

    What needs an `x` is given the one that `generate` answered. Of those that
    take and give PNG files, `generate_png` is the example.
    """
    names = sorted(model.signatures, key=lambda name: name != "generate")
    lines = []
    for name in names:
        if name == "generate_png" or not name.endswith("_png"):
            lines += _call(model, name)
    return "\n".join(lines)


def _call(model: ServedModel, name: str) -> list[str]:
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
    """What is known by name, ones, or the middle of the prior: zeros."""
    if name in _KNOWN:
        return json.dumps(_KNOWN[name][:rows])
    if name == "x" or name.startswith("x_"):
        return "$x"
    sizes = tensor["shape"][1:]
    row: Any = 0.0 if sizes else 1.0
    for size in reversed(sizes):
        row = [row] * size
    return json.dumps([row] * rows)
