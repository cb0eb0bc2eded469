"""Known advisories about the packages of constraints.txt, asked by pip-audit.

    python release/advisories.py

The exit status is 0 where every package was asked about and nothing is known,
1 where something is, and 2 where no answer came: pip-audit itself ends with 0
for packages that its service does not find.
"""

import json
import pathlib
import subprocess
import sys

CONSTRAINTS = pathlib.Path(__file__).parents[1] / "constraints.txt"
SECONDS = 300
COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS)),
    *("--no-deps", "--disable-pip", "--format", "json"),
    *("--progress-spinner", "off", "--timeout", "15"),
]


def judge(report):
    """(status, line) of what pip-audit found, as JSON."""
    packages = report["dependencies"]
    known = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"repaired in {', '.join(vulnerability['fix_versions']) or 'none'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    if known:
        return 1, "\n".join(known)
    unasked = [p["name"] for p in packages if "skip_reason" in p]
    if unasked or not packages:
        return 2, (
            f"could not ask about {len(unasked)} of {len(packages)} packages: "
            "the advisory service did not answer. Run this where it is reached."
        )
    return 0, f"no advisory about any of {len(packages)} packages"


def main():
    try:
        done = subprocess.run(
            COMMAND, capture_output=True, text=True, timeout=SECONDS
        )
        status, line = judge(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError) as error:
        status, line = 2, f"could not ask pip-audit's service ({error!s:.200})"
    print(line)
    sys.exit(status)


if __name__ == "__main__":
    main()
