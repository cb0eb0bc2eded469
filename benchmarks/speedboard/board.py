"""A session: all contestants of a case, turn by turn."""

import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

from speedboard.cases import CASES, case_of
from speedboard.contestants import Process, contestants
from speedboard.environments import build_hash, processor

WRITE = """
import sys
sys.path.insert(0, {path!r})
from pathlib import Path
from speedboard.cases import case_of
from speedboard.of_tfgen import write_networks
write_networks(case_of({row!r}), Path({file!r}))
"""


@dataclasses.dataclass(frozen=True)
class Board:
    """The sessions of a number of threads, for `scoreboard.results.Results`.

    Attributes:
        threads: of each contestant.
        pairs: turns of a session.
        rows: of the cases that are measured.
        peers: the peers' Python.
        earlier: folder of the earlier build.
        commit: of the earlier build.
    """

    threads: int
    pairs: int
    rows: tuple[str, ...]
    peers: Path
    earlier: Path
    commit: str

    @property
    def name(self) -> str:
        return f"{self.threads} thread" + "s" * (self.threads > 1)

    def tasks(self, seed: int) -> list[dict]:
        """One a case; `seed` numbers the sessions."""
        return [
            {
                "row": case.row,
                "seed": seed,
                "pairs": self.pairs,
                "build": build_hash(),
                "earlier": self.commit,
                "processor": processor(),
            }
            for case in CASES
            if case.row in self.rows
        ]

    def measure(self, folder: Path, row: str, **_) -> dict:
        """What each contestant said, by name."""
        print(f"{self.name}: {row}", file=sys.stderr, flush=True)
        case = case_of(row)
        with tempfile.TemporaryDirectory() as scratch:
            networks = Path(scratch, "networks.json")
            _write_networks(row, networks)
            found = self._session(case, networks, scratch)
        if reason := found["tfgen"].get("failure"):
            raise RuntimeError(f"{row}: tfgen itself failed: {reason}")
        return {"found": found}

    def _session(self, case, networks, scratch):
        started = []
        try:
            for contestant in contestants(case, self.peers, self.earlier):
                print(f"  {contestant.name}", file=sys.stderr, flush=True)
                started.append(
                    Process(contestant, case, self.threads, networks, scratch)
                )
            _check_shapes(case.row, started)
            for number in range(self.pairs):
                # Who goes first changes.
                for each in started[:: -1 if number % 2 else 1]:
                    each.turn()
        finally:
            found = {each.name: each.end() for each in started}
        return found


def _write_networks(row, file):
    path = str(Path(__file__).resolve().parents[1])
    code = WRITE.format(path=path, row=row, file=str(file))
    subprocess.run([sys.executable, "-c", code], check=True)


def _check_shapes(row, started):
    """Raises where a peer trains other weights than tfgen."""
    sizes = {
        # In whatever order: PyTorch has kernels the other way around.
        each.name: sorted(sorted(shape) for shape in each.start["shapes"])
        for each in started
        if each.start
    }
    wanted = sizes.get("tfgen", [])
    for name, own in sizes.items():
        if wanted and own != wanted:
            raise ValueError(
                f"{row}: {name} trains weights of the shapes {own}, expected "
                f"those of tfgen, {wanted}: repair the case."
            )
