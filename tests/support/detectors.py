"""Exports of detectors for tests of their own signatures."""

import pytest

from tfgen.detection.endpoints import DetectingModel
from tfgen.export import export_saved_model


def export_alone(model, base):
    """Without the signatures that every model has, which take longer."""
    own = DetectingModel.endpoints
    others = model.endpoints().keys()

    def its_own(self):
        return {k: v for k, v in own(self).items() if k not in others}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DetectingModel, "endpoints", its_own)
        return export_saved_model(model, base)
