"""What `tfgen evaluate` measures and how it reports it.

A `Subject` is a trained model with its data, `Samples` are rows or images from
anywhere; `evaluate` gives the `Section`s of their report.
"""

from tfgen.evaluation.evaluation import Evaluation as Evaluation
from tfgen.evaluation.evaluation import evaluate as evaluate
from tfgen.evaluation.evaluation import write_json as write_json
from tfgen.evaluation.html_report import write_html as write_html
from tfgen.evaluation.samples import Samples as Samples
from tfgen.evaluation.section import Section as Section
from tfgen.evaluation.subject import Subject as Subject
