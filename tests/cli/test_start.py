"""What a command loads, and how."""

from tfgen import _quiet
from tfgen.cli.start import start


def test_plugins_have_all_of_keras(monkeypatch):
    """Commands alone do without what Keras needs of other packages."""
    left_out = []
    monkeypatch.setattr(_quiet, "leave_out", lambda *names: left_out.append(1))
    monkeypatch.setenv("TFGEN_PLUGINS", "json")
    start()
    assert not left_out
    monkeypatch.delenv("TFGEN_PLUGINS")
    start()
    assert left_out


def test_what_was_imported_is_not_collected(run_python):
    """But what is there at a second start may be garbage later."""
    code = """
import gc
import sys

sys.argv = ["tfgen"]
from tfgen.cli.start import start

start()
frozen = gc.get_freeze_count()
print(frozen > 100_000, gc.isenabled())
start()
print(gc.get_freeze_count() <= frozen, gc.isenabled())
"""
    assert run_python.anew(code).split() == ["True"] * 4
