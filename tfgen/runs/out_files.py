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
    if out.exists() and not force:
        raise ValueError(f"{out} exists: pass --force to replace it.")
