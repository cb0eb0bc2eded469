"""`models.config`: which versions the server loads, and their labels."""

from collections.abc import Sequence

from tfgen.export.serving_kit.served_models import ServedModel


def stable_config(models: Sequence[ServedModel]) -> str:
    """Return a ModelServerConfig with the newest version of each as stable."""
    return _config(
        {model.name: {"stable": model.newest} for model in models}, models
    )


def canary_config(models: Sequence[ServedModel]) -> str:
    """Return the same with the first model's next version as its canary.

    `stable` stays where it is: the server moves a label only to a version
    that it has loaded already.
    """
    labels = {model.name: {"stable": model.newest} for model in models}
    labels[models[0].name]["canary"] = models[0].newest + 1
    return _config(labels, models)


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
