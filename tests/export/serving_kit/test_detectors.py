"""The kit of a detector: clients that flag, counts, alerts of drift."""

import csv
import importlib
import json
import re
import sys
import urllib.request

import numpy as np
import pytest
import yaml

import tfgen
from tfgen.detection import Detector
from tfgen.detection.endpoints import DetectingModel
from tfgen.export import export_saved_model, write_serving_kit

FILES = (
    "clients/alarms.py",
    "grafana/dashboards/detector.json",
    "prometheus/detector-rules.yml",
)


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """A detector by 199 rows of two columns, `a` and `b`."""
    rows = np.random.default_rng(0).normal(size=(219, 2))
    source = tfgen.data.from_arrays(rows, kind="table")
    vae = tfgen.build(
        "vae",
        input_shape=(2,),
        latent_dim=1,
        network="mlp",
        network_options={"units": (4,)},
    )
    vae.compile()
    vae.fit(source.take(20), verbose=0)
    Detector(vae, source.subset(np.arange(20, 219)), alpha=0.05).keep()
    return vae


@pytest.fixture(scope="module")
def detector_kit(detector, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    export_saved_model(detector, folder / "pumps")
    return write_serving_kit(folder / "pumps", folder / "kit")


@pytest.fixture
def clients(detector_kit, monkeypatch):
    """The kit's modules `questions` and `alarms`, new for each test."""
    monkeypatch.syspath_prepend(str(detector_kit / "clients"))
    names = ("picture", "questions", "alarms")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    questions, alarms = map(importlib.import_module, names[1:])
    yield questions, alarms
    for name in names:
        sys.modules.pop(name, None)


def test_other_kits_have_none_of_it(kit, detector_kit):
    for name in FILES:
        assert (detector_kit / name).is_file()
        assert not (kit / name).exists()
    for folder, has in ((kit, False), (detector_kit, True)):
        readme = (folder / "README.md").read_text()
        assert ("## Detect" in readme) == has
        config = (folder / "prometheus/prometheus.yml").read_text()
        jobs = yaml.safe_load(config)["scrape_configs"]
        assert (len(jobs) == 2) == has


def test_a_client_flags_the_rows_of_a_file(
    clients, detector, monkeypatch, tmp_path, capsys
):
    questions, _ = clients
    names = detector.reading.column_names
    x = np.random.default_rng(1).normal(size=(40, 2))
    x[:8] += 9.0
    with open(tmp_path / "rows.csv", "w", newline="") as file:
        csv.writer(file).writerows([names, *x.tolist()])
    served = DetectingModel(detector)

    def connect(server, model, version):
        def predict(signature, inputs):
            arrays = {key: np.array(value) for key, value in inputs.items()}
            arrays["x"] = detector.reading.from_data_units(arrays["x"])
            found = served.run_endpoint(signature, arrays)
            return {key: value.tolist() for key, value in found.items()}

        return predict

    monkeypatch.chdir(tmp_path)
    words = ["client", "--detect", "rows.csv", "--metrics", "m.prom"]
    monkeypatch.setattr(sys, "argv", words)
    questions.run("", "", connect)
    rows = tfgen.data.from_arrays(x, like=detector)
    wanted = Detector.of(detector).detect(rows)
    with open("flags.csv", newline="") as file:
        flags = [float(row["is_odd"]) == 1 for row in csv.DictReader(file)]
    np.testing.assert_array_equal(flags, wanted.is_odd)
    count = sum(flags)
    assert count >= 8
    assert f"{count} of 40 rows are odd" in capsys.readouterr().out
    name = 'tfgen_detect_alarms_total{model_name="pumps",alpha="0.05"}'
    assert f"{name} {count}\n" in (tmp_path / "m.prom").read_text()


def test_counts_by_hand(clients, promtool):
    _, alarms = clients
    answer = {
        "p_value": [0.5, 0.005, 0.04, float("nan")],
        "is_odd": [0.0, 1.0, 0.0, float("nan")],
    }
    predict = alarms.watched(lambda signature, inputs: answer, "pumps")
    assert predict("detect", {"alpha": [0.01] * 4}) is answer
    predict("explain", {})
    # 1 of 3, where 0.01 is expected, by 3 rows and 199 held-out ones.
    off = (1 / 3 - 0.01) / (0.01 * 0.99 * (1 / 3 + 1 / 199)) ** 0.5
    assert alarms.deviation("pumps", 0.01) == pytest.approx(off)
    assert alarms.deviation("pumps", 0.02) == 0.0
    server = alarms.listen(0, "127.0.0.1")
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        with urllib.request.urlopen(url) as answered:
            text = answered.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    labels = 'model_name="pumps",alpha="0.01"'
    for line in (
        f"rows_total{{{labels}}} 3",
        f"alarms_total{{{labels}}} 1",
        f"unanswered_total{{{labels}}} 1",
        f"held_out_rows{{{labels}}} 199",
        f'p_value_bucket{{{labels},le="0.05"}} 2',
        f"p_value_count{{{labels}}} 3",
    ):
        assert f"tfgen_detect_{line}\n" in text
    done = promtool("check", "metrics", text=text)
    assert done.returncode == 0, done.stderr


SERIES = {
    # One row in 100 a minute is flagged, from minute 100 on ten in 100.
    "rows_total": "0+100x300",
    "alarms_total": "0+1x100 101+10x200",
    "unanswered_total": "0x300",
    "alpha": "0.01x300",
    "held_out_rows": "5000x300",
}


def test_drift_is_an_alert(promtool, detector_kit, tmp_path):
    series = [
        {
            "series": f'tfgen_detect_{name}{{model_name="m",alpha="0.01"}}',
            "values": values,
        }
        for name, values in SERIES.items()
    ]
    # The second is of a model whose rows all lie outside its range.
    series.append(
        {
            "series": "tfgen_detect_unanswered_total"
            '{model_name="n",alpha="0.01"}',
            "values": "0+1x300",
        }
    )
    series.append(
        {
            "series": 'tfgen_detect_rows_total{model_name="n",alpha="0.01"}',
            "values": "0x300",
        }
    )

    def fired(alert, time):
        test = {
            "rule_files": [str(detector_kit / FILES[2])],
            "tests": [
                {
                    "interval": "1m",
                    "input_series": series,
                    "alert_rule_test": [
                        {"eval_time": time, "alertname": alert}
                    ],
                }
            ],
        }
        (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
        done = promtool("test", "rules", tmp_path / "test.yml")
        text = done.stdout + done.stderr
        return set(re.findall(r'model_name="(\w)"', text))

    assert fired("DetectorAlarmRateDrifts", "99m") == set()
    assert fired("DetectorAlarmRateDrifts", "150m") == {"m"}
    assert fired("DetectorUnanswered", "150m") == {"n"}


def test_questions_of_the_dashboard_are_promql(
    promtool, detector_kit, tmp_path
):
    panels = json.loads((detector_kit / FILES[1]).read_text())["panels"]
    asked = [
        target["expr"].replace("$__rate_interval", "1m").replace("$model", ".*")
        for panel in panels
        for target in panel["targets"]
    ]
    rules = [
        {"record": f"question:{number}", "expr": question}
        for number, question in enumerate(asked)
    ]
    groups = {"groups": [{"name": "dashboard", "rules": rules}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(groups))
    done = promtool("check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0, done.stderr
    recorded = (detector_kit / FILES[2]).read_text()
    counted = (detector_kit / FILES[0]).read_text()
    for name in re.findall(r"model_alpha:\w+:\w+", "\n".join(asked)):
        assert f"record: {name}" in recorded
    for name in re.findall(r"tfgen_detect_(\w+?)(?:_bucket)?[\[{)]", recorded):
        assert f'"{name}"' in counted or name == "p_value"
