"""A file of a table with its gaps filled by a model."""

import pathlib

from tfgen.data.cells import Cells
from tfgen.data.columns import spelled
from tfgen.data.csv_layout import find_layout
from tfgen.data.tables import is_text
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.imputation import Imputer
from tfgen.runs.row_writer import RowWriter


def write_imputed(
    model: GenerativeModel,
    path: pathlib.Path,
    out: pathlib.Path,
    seed: int,
    on_unknown: str = "refuse",
) -> tuple[int, int]:
    """Writes a table's file anew, values in the place of its gaps.

    All else stays as it is, columns that the model does not know among it.

    Args:
        model: that `model.impute` is of.
        path: a table in text or Parquet.
        out: a file of rows.
        seed: see `impute`.
        on_unknown: see `impute`.

    Returns:
        How many rows there are, and how many values were drawn.

    Raises:
        ValueError: for a file that the model does not take.
    """
    import pandas as pd

    imputer = Imputer(model)
    names = model.reading.column_names
    if is_text(path):
        layout = find_layout(path, None, names)
        frame = pd.read_csv(
            path,
            sep=layout.delimiter,
            header=0 if layout.header else None,
            names=layout.names,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=layout.spaces,
            encoding="utf-8-sig",
        )
        cells = {name: _texts(frame[name]) for name in names if name in frame}
    else:
        frame = pd.read_parquet(path)
        cells = {
            name: Cells.of_series(frame[name])
            for name in names
            if name in frame
        }
    found = imputer.impute(
        cells, seed, lambda row: f"row {row + 1}, ", on_unknown == "flag"
    )
    for name, (rows, values) in found.items():
        if is_text(path):
            values = spelled(model.reading.columns, {name: values})[name]
            values = [str(value) for value in values]
        frame.loc[rows, name] = values
    with RowWriter(out) as file:
        file.append(frame)
    return len(frame), sum(len(rows) for rows, _ in found.values())


def _texts(series) -> Cells:
    codes, texts = series.factorize()
    return Cells.of_texts(texts.tolist(), codes)
