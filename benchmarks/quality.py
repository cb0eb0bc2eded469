"""The quality scoreboard, written to benchmarks/QUALITY.md.

    python benchmarks/quality.py                             # all, hours
    python benchmarks/quality.py --only mixtures --seeds 2
    python benchmarks/quality.py --only none                 # the page anew

Each family of rows is a file in benchmarks/scoreboard. Runs are kept one line
each in build/quality/results.jsonl as they come, trainings in checkpoints: a
run that was interrupted goes on, one that is done is not made again.
"""

import argparse
import pathlib

from scoreboard import (
    frechet,
    hybrids,
    likelihood,
    mixtures,
    precision,
    presets,
    report,
    stacked,
)
from scoreboard.results import Results

FAMILIES = {
    module.FAMILY.name: module.FAMILY
    for module in (
        likelihood,
        mixtures,
        stacked,
        frechet,
        hybrids,
        precision,
        presets,
    )
}
ROOT = pathlib.Path(__file__).parent
FOLDER = ROOT.parent / "build" / "quality"
PAGE = ROOT / "QUALITY.md"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        choices=[*FAMILIES, "none"],
        action="append",
        help="a family of rows; may be given several times",
    )
    parser.add_argument("--seeds", type=int, help="default: by family")
    options = parser.parse_args()
    results = Results(FOLDER)
    for name in options.only or FAMILIES:
        family = FAMILIES.get(name)
        seeds = 0 if family is None else options.seeds or family.seeds
        for seed in range(seeds):
            results.run(family, seed)
    PAGE.write_text(report.page(FAMILIES.values(), results.of))
    print(f"written to {PAGE}")


if __name__ == "__main__":
    main()
