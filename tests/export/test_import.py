import importlib.util
from pathlib import Path

import pytest

import tfgen.export


def test_public_names():
    names = {
        name
        for name, value in vars(tfgen.export).items()
        if not name.startswith("_") and callable(value)
    }
    assert names == {
        "Report",
        "SavedModelSession",
        "SchedulerReport",
        "SignatureReport",
        "VerificationError",
        "export_saved_model",
        "verify",
        "write_serving_kit",
    }


def test_the_folder_cannot_be_imported_as_export():
    path = Path(tfgen.export.__file__)
    spec = importlib.util.spec_from_file_location("export", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.raises(ImportError, match="import tfgen.export"):
        spec.loader.exec_module(module)
