"""What may be written where; no TensorFlow."""

import pathlib

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".parquet", ".npz")
"""Of files that rows are written to."""


def check_out(out: pathlib.Path, image_folder: bool, force: bool) -> None:
    """Raises ValueError unless `out` can be written."""
    forms = (*SUFFIXES, *(["a folder of images"] if image_folder else []))
    if not out.name.lower().endswith(SUFFIXES) and (
        not image_folder or out.suffix
    ):
        raise ValueError(
            f"--out is {out}, expected a file that ends in one of "
            f"{', '.join(forms)}."
        )
    if out.is_dir() and out.name.lower().endswith(SUFFIXES):
        raise ValueError(f"{out} is a folder, expected the name of a new file.")
    _check_new(out, force)


def check_png(path: pathlib.Path, option: str, force: bool) -> None:
    """Raises ValueError unless a picture can be written there."""
    if path.suffix.lower() != ".png":
        raise ValueError(f"{option} is {path}, expected a file .png.")
    _check_new(path, force)


def _check_new(path, force):
    if path.exists() and not force:
        raise ValueError(f"{path} exists: pass --force to replace it.")
