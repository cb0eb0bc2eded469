"""The next releases of TensorFlow and Keras, tried on what users have saved.

    build/next/bin/python release/next_releases.py

`make next` makes the environment: tfgen with its constraints, then over them
the newest TensorFlow, a release candidate where there is one, and
keras-nightly. The goldens of each release are loaded there, trained on, and
asked in TensorFlow's C++ runtime; `--all` runs every conformance test. What
breaks becomes a row of the table in `docs/compatibility.md`, with what was
said.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import keras
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "compatibility.md"
GOLDENS = "tests/conformance/test_goldens.py"
BEGIN, END = "<!-- written by make next -->", "<!-- end -->"


def run_tests(what):
    """{test: what it said, or None}, of those that were run."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow"]
        command += [what, f"--junitxml={report}", "--tb=line"]
        subprocess.run([*command, "-p", "no:cacheprovider"], cwd=ROOT)
        tree = xml.etree.ElementTree.parse(report)
    return {
        case.get("name"): next(
            (e.get("message") for e in case if e.tag in ("failure", "error")),
            None,
        )
        for case in tree.iter("testcase")
        if case.find("skipped") is None
    }


def table(what, results):
    """The results as the page shows them."""
    broken = {name: said for name, said in results.items() if said}
    lines = [
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, "
        f"`{what}`: {len(results) - len(broken)} of {len(results)} hold.",
        "",
    ]
    if broken:
        lines += ["| what breaks | what is said |", "|---|---|"]
    for name, said in broken.items():
        said = re.sub(r"\s+", " ", said).replace("|", "/")[:160]
        lines.append(f"| `{name}` | {said} |")
    return "\n".join(lines).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="all conformance")
    what = "tests/conformance" if parser.parse_args().all else GOLDENS
    results = run_tests(what)
    found = table(what, results)
    print(found)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")
    sys.exit(1 if any(results.values()) else 0)


if __name__ == "__main__":
    main()
