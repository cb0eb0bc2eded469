"""Rows into files: .csv, .parquet or .npz, piece by piece."""

import contextlib
import os
import pathlib
import re
import shutil
import tempfile
import typing
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np

from tfgen.data.cells import DATES
from tfgen.data.checks import reason_of
from tfgen.data.columns import Column
from tfgen.runs.out_files import SUFFIXES
from tfgen.training.files import written_whole

if typing.TYPE_CHECKING:
    import pandas as pd


class RowWriter:
    """Writes columns of rows to a file that is there whole or not at all.

    A `.npz` holds each column as an array, whose numbers lie in temporary
    files until the end; the others are written as the pieces come.

    Args:
        path: the file; its suffix, of `SUFFIXES`, says in which form.
        columns: what is known of the table whose rows these are. Their types
            are those of Parquet, where values alone do not say them, as gaps
            do not.

    Raises:
        ValueError: for another suffix, or Parquet without pyarrow.

    Example:
    >>> from tfgen.runs.row_writer import RowWriter
    >>> with RowWriter("scores.csv") as file:
    ...     file.append({"row": np.arange(2), "score": np.array([0.5, 1.0])})
    >>> print(pathlib.Path("scores.csv").read_text().split())
    ['row,score', '0,0.5', '1,1.0']
    """

    def __init__(self, path: str | os.PathLike, columns: Sequence[Column] = ()):
        self.path = pathlib.Path(path)
        name = self.path.name.lower()
        self._suffix = next((s for s in SUFFIXES if name.endswith(s)), None)
        if self._suffix is None:
            raise ValueError(
                f"{self.path} ends in {self.path.suffix or 'nothing'}; "
                f"expected one of {', '.join(SUFFIXES)}."
            )
        self._columns = columns
        self._parquet, self._begun, self._arrays = None, False, {}
        self._whole = contextlib.ExitStack()

    def __enter__(self) -> "RowWriter":
        self._temporary = self._whole.enter_context(written_whole(self.path))
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if self._parquet is not None:
            self._parquet.close()
        if error is None and self._arrays:
            self._write_npz()
        self._whole.__exit__(kind, error, traceback)

    def append(self, columns: Mapping[str, np.ndarray]) -> None:
        """Adds rows.

        Args:
            columns: for each name an array of shape `(n,)`; for `.npz` of any
                shape `(n, ...)`.
        """
        if self._suffix == ".npz":
            for name, array in columns.items():
                if name not in self._arrays:
                    kept = _Rows(name, self.path.parent)
                    self._arrays[name] = self._whole.enter_context(kept)
                self._arrays[name].append(np.asarray(array))
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
        if self._parquet is None:
            schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
            for name, kind in _arrow_types(self._columns).items():
                at = schema.get_field_index(name)
                if at >= 0:
                    schema = schema.set(at, schema.field(at).with_type(kind))
            self._parquet = pyarrow.parquet.ParquetWriter(
                self._temporary, schema
            )
        table = pyarrow.Table.from_pandas(
            frame, self._parquet.schema, preserve_index=False
        )
        self._parquet.write_table(table)

    def _write_npz(self) -> None:
        kind = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(self._temporary, "w", kind) as file:
            for name, rows in self._arrays.items():
                # Of arrays beyond 4 GiB the size is not known beforehand.
                with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                    rows.write(member)


def _arrow_types(columns: Sequence[Column]) -> dict:
    """Types of Arrow by name, of columns that pandas has as objects."""
    import pyarrow

    found = {}
    for column in columns:
        if column.dtype == DATES:
            found[column.name] = pyarrow.date32()
        elif column.dtype.startswith("decimal"):
            digits = re.findall(r"\d+", column.dtype.partition("(")[2])
            found[column.name] = pyarrow.decimal128(*map(int, digits))
        elif column.dtype == "bool":
            found[column.name] = pyarrow.bool_()
    return found


class _Rows:
    """Rows of one array: numbers in a temporary file, texts in memory."""

    def __init__(self, name, folder):
        self._name = name
        self._pieces, self._count = [], 0
        self._file = tempfile.TemporaryFile(dir=folder)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def append(self, rows):
        if rows.dtype.kind in "biuf":
            before = self._pieces or [rows]
            if (before[0].dtype, before[0].shape[1:]) != (
                rows.dtype,
                rows.shape[1:],
            ):
                raise ValueError(
                    f"rows of {self._name} are {rows.dtype} "
                    f"{rows.shape[1:]}, expected {before[0].dtype} "
                    f"{before[0].shape[1:]} as those before."
                )
            self._file.write(np.ascontiguousarray(rows).data)
            self._pieces = [rows[:0]]
        else:  # each piece is as wide as its longest
            self._pieces.append(rows)
        self._count += len(rows)

    def write(self, member):
        """As a `.npy`."""
        array = np.concatenate(self._pieces)
        if array.dtype.kind not in "biuf":
            np.lib.format.write_array(member, array)
            return
        header = np.lib.format.header_data_from_array_1_0(array)
        header["shape"] = (self._count, *array.shape[1:])
        np.lib.format.write_array_header_1_0(member, header)
        self._file.seek(0)
        shutil.copyfileobj(self._file, member, 2**20)
