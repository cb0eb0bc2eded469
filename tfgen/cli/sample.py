"""The command `tfgen sample`."""

import pathlib
from typing import Annotated

import typer


def sample(
    run: Annotated[pathlib.Path, typer.Argument(help="folder of a run")],
    out: Annotated[pathlib.Path, typer.Option(help="a .png or .npz file")],
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, help="how many")
    ] = 64,
    seed: Annotated[
        int | None,
        typer.Option(help="same seed, same samples [others each time]"),
    ] = None,
    label: Annotated[
        int | None, typer.Option(min=0, help="class [all in turn]")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="replace the file if it exists")
    ] = False,
) -> None:
    """Draw samples from a trained run."""
    if out.suffix not in (".png", ".npz"):
        raise ValueError(
            f"--out is {out}, expected a file that ends in .png (a picture) "
            "or .npz (the numbers)."
        )
    if out.exists() and not force:
        raise ValueError(f"{out} exists: pass --force to replace it.")
    from tfgen import pictures
    from tfgen.cli.run_folder import RunFolder

    model = RunFolder(run).load_model()
    if out.suffix == ".png" and len(model.data_shape) == 1:
        picture = pictures.samples_picture(
            model, num_samples=number, seed=seed or 0
        )
        pictures.write_png(out, picture)
    else:
        _write(out, model.sample(number, seed=seed, labels=label), model)
    print(f"{number} samples   {out}")


def _write(out, samples, model):
    import numpy as np

    from tfgen import pictures
    from tfgen.training.files import written_whole

    if out.suffix == ".png":
        grid = pictures.image_grid(
            samples, value_range=model.data_range or (0.0, 1.0)
        )
        pictures.write_png(out, grid)
        return
    with written_whole(out) as temporary:
        np.savez_compressed(temporary, x=samples)
