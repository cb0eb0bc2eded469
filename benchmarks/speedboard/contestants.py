"""Who is measured, and the processes that they are measured in."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from speedboard.cases import Case

WORKER = Path(__file__).with_name("worker.py")


@dataclasses.dataclass(frozen=True)
class Contestant:
    """One way to train a case.

    Attributes:
        name: its key in the results.
        module: of this package, whose `Trainer` it is.
        variant: what the trainer is told.
        python: that runs it.
        tree: folder of another build of tfgen, or None.
    """

    name: str
    module: str
    variant: str = "float32"
    python: Path = Path(sys.executable)
    tree: Path | None = None


def contestants(case: Case, peers: Path, earlier: Path) -> list[Contestant]:
    """All of a case; `tfgen` is the first."""
    return [
        Contestant("tfgen", "of_tfgen"),
        Contestant("earlier", "of_tfgen", tree=earlier),
        Contestant("plain", "plain_keras"),
        Contestant("bare", "bare_loop"),
        Contestant("tfgen bfloat16", "of_tfgen", "mixed_bfloat16"),
        *(
            Contestant(f"torch {variant}", "of_torch", variant, peers)
            for variant in torch_variants(case)
        ),
        *(
            [Contestant("pythae", "of_pythae", python=peers)]
            if pythae_has(case)
            else []
        ),
    ]


def torch_variants(case: Case) -> list[str]:
    ways = ["eager", "compile"]
    if case.is_image and case.options.get("network") != "mlp":
        ways = ["eager", "channels_last", "compile+channels_last"]
    return ways + [f"{way}+bfloat16" for way in ways]


def pythae_has(case: Case) -> bool:
    """Its plain VAE has no Gaussian with a scale to learn."""
    return case.family == "vae" and case.likelihood == "bernoulli"


class Process:
    """A contestant that has started and waits for its turns.

    Attributes:
        start: what it said of its start.
        turns: what it said of each turn.
        failure: the last line of its errors, or None.
    """

    def __init__(self, contestant, case, threads, networks, scratch):
        self.name = contestant.name
        self.start, self.turns, self.failure = None, [], None
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [
                contestant.python,
                WORKER,
                contestant.module,
                case.row,
                contestant.variant,
                str(threads),
                networks,
            ],
            env=_environment(contestant, scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.start = self._answer()

    def turn(self):
        """One turn, unless it has failed before."""
        if self.failure is None:
            print(file=self._process.stdin, flush=True)
            self.turns.append(self._answer())

    def end(self):
        """Ends it, and says what it found."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._errors.close()
        if self.failure is not None:
            return {"failure": self.failure}
        return {**self.start, "turns": self.turns}

    def _answer(self):
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines() or ["no reason given"]
        self.failure = lines[-1][:200]
        return None


def _environment(contestant, scratch):
    """What compiles begins without a cache: its start is a first one."""
    environment = os.environ | {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # which all of them share
        "TORCHINDUCTOR_CACHE_DIR": tempfile.mkdtemp(dir=scratch),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
    }
    environment.pop("PYTHONPATH", None)
    if contestant.tree is not None:
        tree = str(contestant.tree)
        environment |= {"PYTHONPATH": tree, "SPEED_TREE": tree}
    return environment
