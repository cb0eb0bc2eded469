"""Prometheus' files by promtool, and the dashboard's questions."""

import json
import re
import shutil

import pytest
import yaml

# What TensorFlow Serving counts: util.cc, saved_model_warmup_util.cc and
# batching_util.h of tensorflow/serving, loader.cc of tensorflow/tensorflow.
# Histograms have _bucket, _sum and _count.
COUNTERS = {
    ":tensorflow:serving:request_count": {"model_name", "status"},
    ":tensorflow:cc:saved_model:load_attempt_count": {"model_path", "status"},
}
HISTOGRAMS = {
    ":tensorflow:serving:request_latency": {"model_name", "API", "entrypoint"},
    ":tensorflow:serving:runtime_latency": {"model_name", "API", "runtime"},
    ":tensorflow:serving:model_warmup_latency": {"model_path", "status"},
    ":tensorflow:serving:batching_session:queuing_latency": {
        "thread_pool_name"
    },
    ":tensorflow:serving:batching_session:input_batch_size": set(),
    ":tensorflow:serving:batching_session:processed_batch_size": set(),
    ":tensorflow:serving:batching_session:padding_size": {
        "execution_batch_size"
    },
}
METRICS = {
    **COUNTERS,
    **{
        name + end: labels | ({"le"} if end == "_bucket" else set())
        for name, labels in HISTOGRAMS.items()
        for end in ("_bucket", "_sum", "_count")
    },
}
ALERTS = {
    "TensorFlowServingBadRequests",
    "TensorFlowServingDown",
    "TensorFlowServingErrors",
    "TensorFlowServingLoadFailed",
    "TensorFlowServingSlow",
}

FAILS = '{model_path="/models/faces/2",status="fail"}'
BUCKET = (
    ":tensorflow:serving:request_latency_bucket"
    '{model_name="faces",API="Predict",entrypoint="GRPC",le="%s"}'
)
# One value a minute, counted from the server's start.
SERIES = {
    'up{job="tensorflow-serving",instance="serving:8501"}': "1x4 0x30",
    ':tensorflow:serving:request_count{model_name="faces",status="OK"}': (
        "0+88x40"
    ),
    # 2 in 100 fail by the server's fault, 30 by the callers'.
    ':tensorflow:serving:request_count{model_name="faces",status="INTERNAL"}': (
        "0+2x40"
    ),
    ":tensorflow:serving:request_count"
    '{model_name="faces",status="INVALID_ARGUMENT"}': "0+30x40",
    # Another model has none of that.
    ':tensorflow:serving:request_count{model_name="shoes",status="OK"}': (
        "0+100x40"
    ),
    ":tensorflow:cc:saved_model:load_attempt_count"
    '{model_path="/models/faces/1",status="success"}': "1x40",
    # Version 2 fails to load for the first time in minute 5.
    f":tensorflow:cc:saved_model:load_attempt_count{FAILS}": "_x5 1x35",
    # All requests take between 1 and 3 seconds.
    BUCKET % "1000000": "0x40",
    BUCKET % "3000000": "0+100x40",
    BUCKET % "+Inf": "0+100x40",
}


@pytest.fixture
def folder(kit, tmp_path):
    return shutil.copytree(kit / "prometheus", tmp_path / "prometheus")


def dashboard(kit):
    path = kit / "grafana/dashboards/tensorflow-serving.json"
    return json.loads(path.read_text())


def questions(kit):
    """PromQL of the dashboard, with a value for each of its variables."""
    for panel in dashboard(kit)["panels"]:
        for target in panel["targets"]:
            yield (
                target["expr"]
                .replace("$__rate_interval", "1m")
                .replace("$model", ".*")
            )


def test_scrape_configuration(promtool, folder):
    done = promtool("check", "config", folder / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert "1 rule files found" in done.stdout


def test_a_mistake_is_found(promtool, folder):
    text = (folder / "rules.yml").read_text()
    (folder / "rules.yml").write_text(text.replace("rate(", "raet("))
    assert promtool("check", "config", folder / "prometheus.yml").returncode


def test_questions_of_the_dashboard_are_promql(promtool, kit, tmp_path):
    rules = [
        {"record": f"question:{number}", "expr": question}
        for number, question in enumerate(questions(kit))
    ]
    assert len(rules) >= 10
    groups = {"groups": [{"name": "dashboard", "rules": rules}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(groups))
    done = promtool("check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "alert, silent_at, fires_at, labels",
    [
        (
            "TensorFlowServingDown",
            "4m",
            "7m",
            {
                "severity": "critical",
                "job": "tensorflow-serving",
                "instance": "serving:8501",
            },
        ),
        (
            "TensorFlowServingErrors",
            "4m",
            "8m",
            {"severity": "critical", "model_name": "faces"},
        ),
        (
            "TensorFlowServingSlow",
            "8m",
            "14m",
            {"severity": "warning", "model_name": "faces"},
        ),
        (
            "TensorFlowServingBadRequests",
            "8m",
            "14m",
            {"severity": "info", "model_name": "faces"},
        ),
        (
            "TensorFlowServingLoadFailed",
            "4m",
            "6m",
            {
                "severity": "critical",
                "model_path": "/models/faces/2",
                "status": "fail",
            },
        ),
    ],
)
def test_alerts(promtool, folder, alert, silent_at, fires_at, labels):
    def run(time, expected):
        test = {
            "rule_files": ["rules.yml"],
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [
                        {"series": series, "values": values}
                        for series, values in SERIES.items()
                    ],
                    "alert_rule_test": [
                        {
                            "eval_time": time,
                            "alertname": alert,
                            "exp_alerts": expected,
                        }
                    ],
                }
            ],
        }
        (folder / "test.yml").write_text(yaml.safe_dump(test))
        done = promtool("test", "rules", folder / "test.yml")
        return done.returncode, done.stdout + done.stderr

    assert run(silent_at, [])[0] == 0
    status, text = run(fires_at, [])
    assert status != 0
    (shown,) = re.findall(r"Labels:\{(.+)\}", text)
    found = dict(re.findall(r'(\w+)="([^"]*)"', shown))
    assert found == {"alertname": alert, **labels}


def test_a_failed_load_is_forgotten(promtool, folder):
    rules = yaml.safe_load((folder / "rules.yml").read_text())
    (expression,) = [
        rule["expr"]
        for group in rules["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "TensorFlowServingLoadFailed"
    ]
    test = {
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": series, "values": values}
                    for series, values in SERIES.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": f"count({expression})",
                        "eval_time": "19m",
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    },
                    {"expr": f"count({expression})", "eval_time": "21m"},
                ],
            }
        ]
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", folder / "test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_say_what_to_do(kit):
    rules = yaml.safe_load((kit / "prometheus/rules.yml").read_text())
    alerts = [
        rule
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert {alert["alert"] for alert in alerts} == ALERTS
    for alert in alerts:
        assert set(alert["annotations"]) == {"summary", "description"}


def test_metrics_are_those_of_tensorflow_serving(kit):
    text = (kit / "prometheus/rules.yml").read_text()
    asked = "\n".join([text, *questions(kit)])
    names = set(re.findall(r":tensorflow:[\w:]+\w", asked))
    assert names <= set(METRICS), names - set(METRICS)
    for name, labels in re.findall(r"(:tensorflow:[\w:]+\w)\{([^}]*)\}", asked):
        used = set(re.findall(r"(\w+) *(?:=|!)", labels))
        assert used <= METRICS[name]


def test_metrics_that_are_asked_for_are_kept(kit):
    text = (kit / "prometheus/prometheus.yml").read_text()
    (job,) = yaml.safe_load(text)["scrape_configs"]
    (kept,) = job["metric_relabel_configs"]
    assert kept["action"] == "keep"
    for name in METRICS:
        assert re.fullmatch(kept["regex"], name), name


def test_dashboard(kit):
    described = dashboard(kit)
    identifiers = [panel["id"] for panel in described["panels"]]
    assert len(set(identifiers)) == len(identifiers) == 8
    places = {
        (panel["gridPos"]["x"], panel["gridPos"]["y"])
        for panel in described["panels"]
    }
    assert len(places) == 8
    source = yaml.safe_load(
        (kit / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )["datasources"][0]
    for panel in described["panels"]:
        assert panel["datasource"] == {
            "type": source["type"],
            "uid": source["uid"],
        }
