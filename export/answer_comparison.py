"""How far two answers of one signature are apart."""

import numpy as np

from tfgen.export.png_reader import PngReader


class AnswerComparison:
    """Compares answers, those in PNG files by what is to be seen.

    Args:
        png_reader: Reads the files.
    """

    def __init__(self, png_reader: PngReader):
        self.png_reader = png_reader

    def difference(self, signature: str, expected: dict, answers: dict):
        """Return the largest difference over all outputs.

        It is relative to the largest expected value where that exceeds 1.
        Images in files, in [0, 1], count as equal if no level differs by more
        than one of 255: rounding may go either way. Other strings differ by
        infinity or not at all.

        Raises:
            ValueError: If the outputs have other names or shapes.
        """
        if set(expected) != set(answers):
            raise ValueError(
                f"signature {signature!r} has the outputs {sorted(answers)}, "
                f"expected {sorted(expected)}."
            )
        largest = 0.0
        for name, wanted in expected.items():
            got = answers[name]
            if wanted.shape != got.shape:
                raise ValueError(
                    f"signature {signature!r} answers {name!r} in the shape "
                    f"{got.shape}, expected {wanted.shape}."
                )
            compare = _numbers if wanted.dtype != object else self._files
            largest = max(largest, compare(wanted, got))
        return largest

    def _files(self, wanted: np.ndarray, got: np.ndarray) -> float:
        pairs = zip(wanted.flat, got.flat, strict=True)
        return max((self._file(*pair) for pair in pairs), default=0.0)

    def _file(self, wanted: bytes, got: bytes) -> float:
        if wanted == got:
            return 0.0
        try:
            images = [
                self.png_reader.read(file).astype(int) for file in (wanted, got)
            ]
        except RuntimeError:
            return float("inf")
        if images[0].shape != images[1].shape:
            return float("inf")
        levels = int(np.abs(images[0] - images[1]).max(initial=0))
        return levels / 255 if levels > 1 else 0.0


def _numbers(wanted: np.ndarray, got: np.ndarray) -> float:
    finite = wanted[np.isfinite(wanted)]
    scale = max(1.0, np.abs(finite).max(initial=0.0))
    # An infinite answer is right if the model gives it too.
    with np.errstate(invalid="ignore"):
        apart = np.abs(wanted.astype("float64") - got)
    difference = np.where(wanted == got, 0.0, apart).max(initial=0.0) / scale
    return float("inf") if np.isnan(difference) else float(difference)
