"""The command `tfgen tune`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.options import chosen, takes_settings
from tfgen.cli.start import start

Option = typer.Option


@takes_settings(lambda row: row.of_data_set or row.fixed_by_option)
def tune(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL", help="Family of models: vae, gan, vae_gan, vq_vae"
        ),
    ] = None,
    preset=None,
    data=None,
    out: Annotated[
        pathlib.Path,
        Option(
            metavar="DIR",
            help="Folder of the search; one that was stopped goes on.",
        ),
    ] = ...,
    tuner: Annotated[
        str | None,
        Option(
            metavar="NAME", help="random, hyperband, bayesian, grid [random]"
        ),
    ] = None,
    trials: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Configurations that are tried [20]"),
    ] = None,
    max_epochs: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Epochs of a trial [--epochs]"),
    ] = None,
    epochs: Annotated[
        int | None,
        Option(
            min=0,
            metavar="N",
            help="Epochs of the training with the best settings; 0 for none "
            "[4,000 steps, at least 10 epochs]",
        ),
    ] = None,
    objective: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="What to look for on held-out data: negative_elbo, "
            "importance_weighted_bound, reconstruction_error, auroc (with "
            "--normal-only), "
            "frechet_distance, kernel_distance, precision, recall, density, "
            "coverage, a logged METRIC:min or METRIC:max, or a sum as "
            "'frechet_distance + 20*reconstruction_error' [negative_elbo; of "
            "adversaries frechet_distance]",
        ),
    ] = None,
    report: Annotated[
        list[str] | None,
        Option(
            metavar="NAME",
            help="Measure this besides; may be given several times.",
        ),
    ] = None,
    space: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=VALUES",
            help="What to search: latent_dim=8..64, network=mlp,conv or, "
            "fixed, beta=1; may be given several times.",
        ),
    ] = None,
    workers: Annotated[
        int,
        Option(
            min=0,
            metavar="N",
            help="Processes that train trials side by side; 0: in this one.",
        ),
    ] = 1,
    patience: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Epochs without progress that end a trial [a fifth of "
            "--max-epochs; of adversaries a half]",
        ),
    ] = None,
    extractor: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Features for distances: auto (a classifier, trained on "
            "the data where it has classes) or none (the data as they are) "
            "[auto]",
        ),
    ] = None,
    seed=None,
    strategy=None,
    **settings,
) -> None:
    """Search hyperparameters, then train with the best ones.

    DIR gets trials.csv, best.json (for tfgen train --from), report.html,
    tensorboard/, trials/ (a folder each) and best/ (the run with the best
    settings). A search that was stopped or killed goes on with tfgen tune
    --out DIR. What stands in brackets is the default.
    """
    given = dict(locals())
    given |= given.pop("settings")
    out, workers = given.pop("out"), given.pop("workers")
    start(f"searching in {out}")
    from tfgen.cli.search_run import SearchRun

    SearchRun(out, chosen(given)).run(workers)
