"""Writing SavedModels for TensorFlow Serving and checking them."""

if __name__ != "tfgen.export":
    raise ImportError(
        "This folder is installed as tfgen.export; `import "
        f"{__name__}` would load a second copy of it. Run `pip install -e .` "
        "in the repository and `import tfgen.export`."
    )

from tfgen.export.cpp_runtime import SavedModelSession as SavedModelSession
from tfgen.export.report import Report as Report
from tfgen.export.report import SchedulerReport as SchedulerReport
from tfgen.export.report import SignatureReport as SignatureReport
from tfgen.export.report import VerificationError as VerificationError
from tfgen.export.saved_model_writer import (
    export_saved_model as export_saved_model,
)
from tfgen.export.serving_kit import write_serving_kit as write_serving_kit
from tfgen.export.verification import verify as verify
