"""What `tfgen evaluate` measures and how it reports it.

A `Subject` is a trained model with its data; `evaluate` gives the `Section`s of
its report.
"""

from tfgen.evaluation.evaluation import Evaluation as Evaluation
from tfgen.evaluation.evaluation import evaluate as evaluate
from tfgen.evaluation.evaluation import write_json as write_json
from tfgen.evaluation.html_report import write_html as write_html
from tfgen.evaluation.section import Section as Section
from tfgen.evaluation.subject import Subject as Subject
