"""The scoreboard as a page of Markdown."""

import statistics

from scoreboard.report import wrapped

from speedboard.cases import SAMPLES, case_of

HEAD = """\
# Speed

Written by `make bench` (`python benchmarks/speed.py`), from sessions that are
kept in `build/speed`."""
LEGEND = """\
Each contestant trains the same networks, whose weights are counted, on the
same data by the same losses and Adam, in a process of its own; all train in
turn, who goes first changing from turn to turn. A ratio is another's time over
that of tfgen in the same turn, above 1 where tfgen is the faster: the median
over the turns, and in brackets the least and the largest.

- **earlier build**: tfgen at commit `{commit}`, in float32.
- **plain Keras**: a `train_step` by hand for one device, by `fit`.
- **PyTorch**: the fastest, by the median, of those in the last table; each has
  PyTorch's fused Adam and its data as tensors in memory. Its wheel multiplies
  matrices of float32 by MKL, TensorFlow's by oneDNN, so that these ratios hang
  on the processor: on AMD's, MKL is the slower.
- **pythae**: its own trainer and data loader, where it has the model.
- **bare loop**: the losses, their gradients and TensorFlow's fused Adam in one
  `tf.function`; no checks, metrics or data pipeline. A ratio below 1 is the
  share of its rate that tfgen reaches.
- **bfloat16**: tfgen by `precision="mixed_bfloat16"`, PyTorch by autocast."""
PEERS = {
    "earlier": "earlier build",
    "plain": "plain Keras",
    "torch": "PyTorch",
    "pythae": "pythae",
    "bare": "bare loop",
}
HALF = "bfloat16"


class Row:
    """The sessions of a case.

    Args:
        name: of the case.
        runs: of the case, as `scoreboard.results.Results` keeps them.
    """

    def __init__(self, name, runs):
        self.name = name
        self.case = case_of(name)
        self.found = [run["found"] for run in runs]
        own = self.starts("tfgen", "device")
        # A GPU's work is not in the processor's time.
        self.clock = 1 if own and own[0] else 0

    def names(self, kind, half=False):
        """Contestants whose name begins so, that ran in every session."""
        return [
            name
            for name in self.found[0]
            if name.startswith(kind)
            and (HALF in name) == half
            and all("failure" not in found[name] for found in self.found)
        ]

    def seconds(self, name, what="train", clock=None):
        """Of each turn."""
        clock = self.clock if clock is None else clock
        return [
            turn[what][clock]
            for found in self.found
            for turn in found[name]["turns"]
        ]

    def starts(self, name, what):
        return [found[name].get(what) for found in self.found]

    def best(self, kind, half=False):
        """Name of the fastest of a kind, or None."""
        return min(
            self.names(kind, half),
            key=lambda name: statistics.median(self.seconds(name)),
            default=None,
        )

    def step(self, name):
        """Milliseconds of a step."""
        return 1e3 * statistics.median(self.seconds(name)) / self.case.steps

    def ratio(self, other, own="tfgen", **options):
        """Other over own, pair by pair, as text."""
        if other is None or own is None:
            return ""
        pairs = zip(
            self.seconds(other, **options),
            self.seconds(own, **options),
            strict=True,
        )
        ratios = [theirs / ours for theirs, ours in pairs]
        return (
            f"{statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}-{max(ratios):.2f})"
        )

    def first_step(self, name):
        """Seconds from the built model to the end of its first step."""
        steady = statistics.median(self.seconds(name))
        firsts = [first[self.clock] for first in self.starts(name, "first")]
        rest = steady * (1 - 1 / self.case.steps)
        return max(statistics.median(firsts) - rest, 0.0)

    def startup(self, name):
        """Seconds of the process until then."""
        built = statistics.median(self.starts(name, "built"))
        return built + self.first_step(name)

    def peak(self, name):
        """Most resident memory of training, in MiB."""
        return max(t["peak"] for f in self.found for t in f[name]["turns"])

    def failures(self):
        return {
            name: each["failure"]
            for found in self.found
            for name, each in found.items()
            if "failure" in each
        }


def page(boards, results_of):
    """The whole page.

    Args:
        boards: one for each number of threads; those without runs are left
            out.
        results_of: `board -> list of runs`.
    """
    sections = [
        section(board, runs) for board in boards if (runs := results_of(board))
    ]
    legend = LEGEND.format(commit=boards[0].commit)
    return "\n\n".join([HEAD, legend, *sections]) + "\n"


def section(board, runs):
    """All tables of a number of threads."""
    by_row = {}
    for run in runs:
        by_row.setdefault(run["row"], []).append(run)
    rows = [Row(name, by_row[name]) for name in board.rows if name in by_row]
    parts = [
        f"## {board.name.capitalize()}",
        wrapped(_circumstances(board, runs)),
        *_training(rows),
        *_halves(rows),
        *_wall(rows),
        *_sampling(rows),
        *_costs(rows),
        *_variants(rows),
        *_failures(rows),
    ]
    return "\n\n".join(parts)


def _circumstances(board, runs):
    dates = ", ".join(sorted({run["date"] for run in runs}))
    starts = len({run["seed"] for run in runs})
    own = ", ".join(sorted({run["versions"] for run in runs}))
    others = {
        f"{name} {version}"
        for run in runs
        for each in run["found"].values()
        for name, version in each.get("versions", {}).items()
        if name in ("torch", "pythae")
    }
    command = "python benchmarks/speed.py"
    return (
        f"`{command} --threads {board.threads} --pairs {board.pairs} "
        f"--starts {starts}`; {runs[0]['processor']}; {dates}; {own}, "
        f"{', '.join(sorted(others))}; tfgen's code {runs[0]['build']}."
    )


def _kinds(row):
    """The contestant that stands for each peer, or None."""
    return {kind: row.best(kind) for kind in PEERS}


def _training(rows):
    heads = ["", "tfgen, ms a step", *PEERS.values()]
    lines = [
        [row.name, f"{row.step('tfgen'):.2f}"]
        + [row.ratio(name) for name in _kinds(row).values()]
        for row in rows
    ]
    clock = "Wall clock" if any(row.clock for row in rows) else "Processor time"
    title = f"### {clock} of a training step in float32"
    return title, table(heads, lines)


def _halves(rows):
    heads = [
        "",
        "tfgen, ms a step",
        "tfgen in float32",
        "earlier build in float32",
        "PyTorch in bfloat16",
    ]
    own = f"tfgen {HALF}"
    lines = [
        [row.name, f"{row.step(own):.2f}"]
        + [
            row.ratio(other, own)
            for other in ("tfgen", "earlier", row.best("torch", half=True))
        ]
        for row in rows
        if own in row.names("tfgen", half=True)
    ]
    return "### The same in bfloat16", table(heads, lines)


def _wall(rows):
    heads = ["", "tfgen, examples/s", *PEERS.values()]
    lines = []
    for row in rows:
        examples = row.case.batch * row.case.steps
        rate = examples / statistics.median(row.seconds("tfgen", clock=1))
        lines.append(
            [row.name, f"{rate:,.0f}"]
            + [row.ratio(name, clock=1) for name in _kinds(row).values()]
        )
    title = "### Wall clock, of a machine that others may have used too"
    return title, table(heads, lines)


def _sampling(rows):
    heads = ["", "tfgen, examples/s", *PEERS.values()]
    lines = []
    for row in rows:
        rate = SAMPLES / statistics.median(row.seconds("tfgen", "sample"))
        lines.append(
            [row.name, f"{rate:,.0f}"]
            + [row.ratio(n, what="sample") for n in _kinds(row).values()]
        )
    return f"### Sampling, {SAMPLES:,} at a time", table(heads, lines)


def _costs(rows):
    yield (
        "### Most memory [MiB] / first step [s] / start-up [s]\n\n"
        "Memory of the process after training. The first step compiles, "
        "without a cache;\nstart-up is all until its end, imports and building "
        "too."
    )
    heads = ["", "tfgen", *PEERS.values()]
    lines = []
    for row in rows:
        names = ["tfgen", *_kinds(row).values()]
        lines.append([row.name, *(_cost(row, name) for name in names)])
    yield table(heads, lines)


def _cost(row, name):
    if name is None:
        return ""
    return (
        f"{row.peak(name):.0f} / {row.first_step(name):.1f} "
        f"/ {row.startup(name):.1f}"
    )


def _variants(rows):
    """Milliseconds of every way to train in PyTorch; the best in bold."""
    names = dict.fromkeys(
        name
        for row in rows
        for half in (False, True)
        for name in row.names("torch", half)
    )
    lines = []
    for row in rows:
        best = {row.best("torch"), row.best("torch", half=True)}
        line = [row.name]
        for name in names:
            known = name in row.names("torch", HALF in name)
            cell = f"{row.step(name):.2f}" if known else ""
            line.append(f"**{cell}**" if name in best else cell)
        lines.append(line)
    heads = ["", *(name.removeprefix("torch ") for name in names)]
    return "### PyTorch, ms a step", table(heads, lines)


def _failures(rows):
    lines = [
        f"- {row.name}, {name}: {reason}"
        for row in rows
        for name, reason in row.failures().items()
    ]
    return ["### Not measured\n\n" + "\n".join(lines)] if lines else []


def table(heads, lines):
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
