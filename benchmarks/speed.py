"""The speed scoreboard, written to benchmarks/SPEED.md.

    python benchmarks/speed.py                               # all, hours
    python benchmarks/speed.py --only 'dense VAE' --pairs 3 --threads 1
    python benchmarks/speed.py --only none                   # the page anew

Trains the same networks by tfgen, by an earlier build of it, by a step written
by hand in Keras, by a bare loop of the arithmetic, by PyTorch in several ways
and by pythae. Each is a process of its own; once all have started they train
in turn, who goes first changing from turn to turn. Sessions are kept one line
each in build/speed/results.jsonl: a run that was interrupted goes on, and what
is done is not measured again until the code of tfgen, the number of pairs or
the processor changes. The peers are installed into build/speed/peers.
"""

import argparse
import dataclasses
import pathlib

from scoreboard.results import Results
from speedboard import page
from speedboard.board import Board
from speedboard.cases import CASES
from speedboard.environments import ROOT, peers_python, taken_out

FOLDER = ROOT / "build" / "speed"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="TEXT",
        help="cases whose name has this in it, or none; may be given several "
        "times",
    )
    parser.add_argument("--threads", type=int, action="append")
    parser.add_argument("--pairs", type=int, default=7, help="of a session")
    parser.add_argument(
        "--starts", type=int, default=1, help="sessions, each a new start"
    )
    parser.add_argument("--commit", default="3b4a063", help="earlier build")
    parser.add_argument("--peers-python", type=pathlib.Path)
    parser.add_argument(
        "--out", type=pathlib.Path, default=ROOT / "benchmarks" / "SPEED.md"
    )
    options = parser.parse_args()
    asked = options.only or [""]
    results = Results(FOLDER, say=lambda run: None)
    boards = [board(options, threads) for threads in options.threads or (1, 2)]
    for each in boards:
        rows = tuple(r for r in each.rows if any(text in r for text in asked))
        for seed in range(options.starts if rows else 0):
            results.run(dataclasses.replace(each, rows=rows), seed)
    options.out.write_text(page.page(boards, results.of))
    print(f"written to {options.out}")


def board(options, threads):
    return Board(
        threads=threads,
        pairs=options.pairs,
        rows=tuple(case.row for case in CASES),
        peers=options.peers_python or peers_python(FOLDER / "peers"),
        earlier=taken_out(options.commit, FOLDER / options.commit),
        commit=options.commit,
    )


if __name__ == "__main__":
    main()
