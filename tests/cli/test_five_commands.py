"""README: from a table to a served detector, as the text stands."""

import pathlib
import shlex

import numpy as np
import pandas as pd

from tfgen.export import SavedModelSession

README = pathlib.Path(__file__).parents[2] / "README.md"
SMALLER = ("--epochs", "1", "--width", "8")


def commands():
    """The words of each line of the block that calibrates."""
    blocks = README.read_text().split("```")[1::2]
    (block,) = [block for block in blocks if "tfgen calibrate" in block]
    return [
        shlex.split(line, comments=True) for line in block.split("\n") if line
    ]


def test_the_commands_of_readme(tfgen, without_pictures):
    """All but the server, of whose runtime the export is asked."""
    random = np.random.default_rng(0)
    usual = random.normal([20.0, 300.0, 5.0], [1.0, 25.0, 0.1], (1200, 3))
    columns = ["temperature", "flow", "pressure"]
    pd.DataFrame(usual, columns=columns).to_csv("usual.csv", index=False)
    new = pd.DataFrame(usual[:20], columns=columns)
    new.loc[:4, "pressure"] += 9.0
    new.to_csv("new.csv", index=False)
    *lines, serve = commands()
    assert len(lines) == 4
    for name, *words in lines:
        assert name == "tfgen"
        done = tfgen(*words, *(SMALLER if words[0] == "train" else ()))
        assert done.status == 0, done.err
    flags = pd.read_csv("flags.csv")
    assert flags["is_odd"][:5].all()
    assert (flags["column_1"][:5] == "pressure").all()
    program, command, base = serve
    assert (program, command) == ("tfgen", "serve")
    with SavedModelSession(pathlib.Path(base, "1")) as session:
        asked = {"x": new.to_numpy(), "alpha": np.full(20, 0.01)}
        answer = session.run("detect", **asked)
        why = session.run("explain", x=new.to_numpy())
    np.testing.assert_array_equal(answer["is_odd"] == 1, flags["is_odd"])
    np.testing.assert_allclose(answer["p_value"], flags["p_value"], rtol=1e-6)
    assert (why["share"][:5].argmax(axis=1) == 2).all()
