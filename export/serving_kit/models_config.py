"""`models.config`: which versions the server loads, and their labels."""

from collections.abc import Sequence

from tfgen.export.serving_kit.served_models import ServedModel


def stable_config(models: Sequence[ServedModel]) -> str:
    """Return a ModelServerConfig with the newest version of each as stable."""
    return _config(
        {model.name: {"stable": model.newest} for model in models}, models
    )


def canary_config(models: Sequence[ServedModel]) -> str:
    """Return one with a canary of the first model, the others as they are."""
    first, *others = models
    return _config(
        {
            first.name: canary_labels(first),
            **{model.name: {"stable": model.newest} for model in others},
        },
        models,
    )


def canary_labels(model: ServedModel) -> dict[str, int]:
    """Return the labels during a canary.

    The newest version is the canary of the one before it; where there is one
    alone, it is stable, and the canary is the next to come.
    """
    if len(model.versions) > 1:
        return {"stable": model.versions[-2], "canary": model.newest}
    return {"stable": model.newest, "canary": model.newest + 1}


def _config(
    labels: dict[str, dict[str, int]], models: Sequence[ServedModel]
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
