"""Training on one class: all others are odd."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import tfgen
from tfgen.detection import Detector, detection_quality
from tfgen.detection.calibrated_run import calibrate_run
from tfgen.detection.on_run import DetectionOfRuns
from tfgen.evaluation import detection
from tfgen.evaluation.run_report import EvaluationReport
from tfgen.runs.data import load_splits
from tfgen.runs.run import Run
from tfgen.runs.settings import new_settings

GIVEN = {
    "model": "vae",
    "data": "iris",
    "normal_only": "setosa",
    "network": "mlp",
    "latent_dim": 1,
    "epochs": 1,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one class") / "run"
    Run.new(folder, GIVEN).train()
    return folder


@pytest.fixture(scope="module")
def usual_and_odd():
    """Rows of the test split, as they are stored."""
    test = tfgen.data.load("iris", "test")
    is_odd = test.labels != test.class_names.index("setosa")
    return test.stored()[~is_odd], test.stored()[is_odd]


def test_rows_of_the_class_alone_and_in_their_units():
    splits = load_splits(GIVEN, ("train", "validation"))
    rows = tfgen.data.load("iris", "train")
    wanted = rows.stored()[rows.labels == rows.class_names.index("setosa")]
    np.testing.assert_array_equal(splits["train"].stored(), wanted)
    x, _ = splits["train"].arrays()
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1.0, rtol=1e-4)
    assert np.unique(splits["validation"].labels).tolist() == [0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"normal_only": "rose"}, "--normal-only is rose, expected a class"),
        ({"data": "diabetes"}, "diabetes has no classes: name the column"),
        ({"conditional": True}, "which exclude each other"),
    ],
)
def test_refused(given, message):
    with pytest.raises(ValueError, match=message):
        load_splits(new_settings(GIVEN | given), ("train",))


def test_detect_takes_other_classes_for_odd(run, usual_and_odd):
    found = DetectionOfRuns([run], "iris", "test")
    found.calibrate(None, ["reconstruction"], 0.2, None)
    model = tfgen.load(run)
    held_out = load_splits(GIVEN, ("train", "validation"))["validation"]
    detector = Detector(model, held_out, "reconstruction", alpha=0.2)
    usual, odd = (
        detector.detect(tfgen.data.from_arrays(rows, like=model))
        for rows in usual_and_odd
    )
    found.detection = detector.detect(found.source)
    quality = found.quality
    assert quality.false_alarms.count == usual.is_odd.sum()
    assert quality.found.count == odd.is_odd.sum() > 0
    assert quality.found.rows == len(odd.score)


def test_evaluation_has_a_part_detection(run, usual_and_odd, tmp_path):
    report = EvaluationReport([run], tmp_path / "report", "auto")
    folder = report.folders["run"]
    subject = report._subject(folder, "run", print, {})
    assert detection.applies(subject)
    section = detection.measure(subject)
    measured = {one.name: one for one in section.measurements}
    model = tfgen.load(run)
    parts = [tfgen.data.from_arrays(rows, like=model) for rows in usual_and_odd]
    detector = Detector(model, subject.validation)
    usual, odd = map(detector.detect, parts)
    assert measured["false_alarm_rate"].value == np.mean(usual.is_odd)
    assert measured["odd_rows_found"].value == np.mean(odd.is_odd)
    both = [
        np.concatenate([getattr(part, name) for part in (usual, odd)])
        for name in ("score", "p_value", "is_odd")
    ]
    labels = np.arange(len(both[0])) >= len(usual.score)
    quality = detection_quality(tfgen.detection.Detection(*both), labels)
    assert measured["auroc"].value == pytest.approx(quality.auroc)
    assert measured["auroc"].details["odd"] == len(odd.score)
    # Without odd rows it is for detectors alone.
    plain = replace(subject, odd=None)
    assert not detection.applies(plain)
    detector.keep()
    plain = replace(plain, model=detector.models[0])
    assert detection.applies(plain)
    (rate,) = detection.measure(plain).measurements
    assert rate.value == np.mean(usual.is_odd)
    # As where the test split has none of few odd rows.
    none = replace(subject, odd=parts[1].subset(np.zeros(0, int)))
    names = [one.name for one in detection.measure(none).measurements]
    assert names == ["false_alarm_rate"]


def test_a_run_that_goes_on_says_that_it_is_no_detector(run, tmp_path, capsys):
    copy = shutil.copytree(run, tmp_path / "run")
    assert calibrate_run(copy, alpha=0.2).source == "the run's validation split"
    kept = tfgen.load(copy).held_out_scores
    assert str(kept).startswith("elbo, by ") and kept.alpha == 0.2
    # No step is left: the file stays what it is.
    Run.resumed(copy, {}).train()
    assert tfgen.load(copy).held_out_scores is not None
    assert "calibrate again" not in capsys.readouterr().err
    Run.resumed(copy, {"epochs": 3}).train()
    assert tfgen.load(copy).held_out_scores is None
    assert "run tfgen calibrate again" in capsys.readouterr().err
