"""An export answers in TensorFlow's C++ runtime as the Keras model does."""

import tfgen


def test_cpp_runtime(few, tmp_path):
    model = few.build()
    folder = tfgen.export.export_saved_model(model, tmp_path / few.name)
    report = tfgen.export.verify(folder)
    names = {signature.name for signature in report.signatures}
    assert names == {*model.endpoints(), "serving_default"}
    assert not report.problems
