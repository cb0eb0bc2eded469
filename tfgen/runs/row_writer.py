"""Rows into files: .csv, .parquet or .npz, piece by piece."""

import contextlib
import os
import pathlib
import typing
from collections.abc import Mapping

import numpy as np

from tfgen.data.checks import reason_of
from tfgen.runs.out_files import SUFFIXES
from tfgen.training.files import written_whole

if typing.TYPE_CHECKING:
    import pandas as pd


class RowWriter:
    """Writes columns of rows to a file that is there whole or not at all.

    A `.npz` holds each column as an array and is kept in memory until the
    end; the others are written as the pieces come.

    Args:
        path: the file; its suffix, of `SUFFIXES`, says in which form.

    Raises:
        ValueError: for another suffix, or Parquet without pyarrow.

    Example:
    >>> from tfgen.runs.row_writer import RowWriter
    >>> with RowWriter("scores.csv") as file:
    ...     file.append({"row": np.arange(2), "score": np.array([0.5, 1.0])})
    >>> print(pathlib.Path("scores.csv").read_text().split())
    ['row,score', '0,0.5', '1,1.0']
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)
        name = self.path.name.lower()
        self._suffix = next((s for s in SUFFIXES if name.endswith(s)), None)
        if self._suffix is None:
            raise ValueError(
                f"{self.path} ends in {self.path.suffix or 'nothing'}; "
                f"expected one of {', '.join(SUFFIXES)}."
            )
        self._pieces, self._parquet, self._begun = [], None, False
        self._whole = contextlib.ExitStack()

    def __enter__(self) -> "RowWriter":
        self._temporary = self._whole.enter_context(written_whole(self.path))
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if self._parquet is not None:
            self._parquet.close()
        if error is None and self._pieces:
            self._write_npz()
        self._whole.__exit__(kind, error, traceback)

    def append(self, columns: Mapping[str, np.ndarray]) -> None:
        """Adds rows.

        Args:
            columns: for each name an array of shape `(n,)`; for `.npz` of any
                shape `(n, ...)`.
        """
        if self._suffix == ".npz":
            self._pieces.append(dict(columns))
            return
        import pandas as pd

        frame = pd.DataFrame(columns)
        if self._suffix == ".parquet":
            self._append_parquet(frame)
        else:
            frame.to_csv(
                self._temporary,
                mode="a" if self._begun else "w",
                header=not self._begun,
                index=False,
                sep="\t" if self._suffix == ".tsv" else ",",
                compression="gzip" if self._suffix == ".csv.gz" else None,
            )
        self._begun = True

    def _append_parquet(self, frame: "pd.DataFrame") -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise ValueError(
                f"writing {self.path} takes pyarrow ({reason_of(error)}): pip "
                "install 'tfgen[parquet]', or choose .csv."
            ) from None
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        if self._parquet is None:
            self._parquet = pyarrow.parquet.ParquetWriter(
                self._temporary, table.schema
            )
        self._parquet.write_table(table)

    def _write_npz(self) -> None:
        names = self._pieces[0]
        arrays = {
            name: np.concatenate([piece[name] for piece in self._pieces])
            for name in names
        }
        with open(self._temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
