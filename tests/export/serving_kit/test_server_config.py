"""The server's configuration, read by TensorFlow Serving's own messages."""

import itertools
import re
import shutil
import subprocess

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
)
from tensorflow_serving.config import model_server_config_pb2

# Messages that no Python package holds, as config/monitoring_config.proto and
# servables/tensorflow/session_bundle_config.proto of tensorflow/serving have
# them: {message: {field: type}}.
MESSAGES = {
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": "PrometheusConfig"},
    "Int64Value": {"value": "int64"},
    "StringValue": {"value": "string"},
    "BatchingParameters": {
        "max_batch_size": "Int64Value",
        "batch_timeout_micros": "Int64Value",
        "max_enqueued_batches": "Int64Value",
        "num_batch_threads": "Int64Value",
        "thread_pool_name": "StringValue",
    },
}


def parse(name, path):
    """The file as the message `name` of MESSAGES."""
    file = descriptor_pb2.FileDescriptorProto(
        name="test.proto", package="test", syntax="proto3"
    )
    for message, fields in MESSAGES.items():
        described = file.message_type.add(name=message)
        for number, (key, kind) in enumerate(fields.items(), 1):
            field = described.field.add(name=key, number=number)
            field.label = field.LABEL_OPTIONAL
            if kind in MESSAGES:
                field.type_name = f".test.{kind}"
                field.type = field.TYPE_MESSAGE
            else:
                field.type = getattr(field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    described = pool.FindMessageTypeByName(f"test.{name}")
    message = message_factory.GetMessageClass(described)()
    return text_format.Parse(path.read_text(), message)


def models(path):
    config = text_format.Parse(
        path.read_text(), model_server_config_pb2.ModelServerConfig()
    )
    return {
        model.name: (
            model.base_path,
            list(model.model_version_policy.specific.versions),
            dict(model.version_labels),
        )
        for model in config.model_config_list.config
        if model.model_platform == "tensorflow"
    }


def test_one_model(kit):
    assert models(kit / "config/models.config") == {
        "faces": ("/models/faces", [1], {"stable": 1})
    }


def test_several_models(kit_of_several):
    assert models(kit_of_several / "config/models.config") == {
        "My_faces": ("/models/My_faces", [12], {"stable": 12}),
        "shoes": ("/models/shoes", [1], {"stable": 1}),
    }


def test_canary(each_kit):
    before = models(each_kit / "config/models.config")
    after = models(each_kit / "config/models.canary.config")
    (name, (path, (version,), _)), *others = before.items()
    assert after == {
        name: (
            path,
            [version, version + 1],
            {"stable": version, "canary": version + 1},
        ),
        **dict(others),
    }


def test_rollout_and_rollback_as_the_readme_says(each_kit, tmp_path):
    kit = shutil.copytree(each_kit, tmp_path / "kit")
    states = [models(kit / "config/models.config")]
    for command in changes(kit):
        subprocess.run(["bash", "-ec", command], cwd=kit, check=True)
        states.append(models(kit / "config/models.config"))
    name, (_, (old,), _) = next(iter(states[0].items()))
    new = old + 1
    assert [state[name][1:] for state in states] == [
        ([old], {"stable": old}),
        ([old, new], {"stable": old, "canary": new}),
        ([old, new], {"stable": new, "canary": new}),
        ([new], {"stable": new}),
        ([old], {"stable": old}),
    ]
    for state in states:
        assert {k: v for k, v in state.items() if k != name} == {
            k: v for k, v in states[0].items() if k != name
        }
    # The server moves a label that exists only to a loaded version. The way
    # back starts before the old version is retired.
    for before, after in itertools.pairwise([*states[:3], states[4]]):
        for label, version in before[name][2].items():
            if after[name][2].get(label, version) != version:
                assert after[name][2][label] in before[name][1]


def changes(kit):
    """The readme's commands that write config/models.config."""
    text = (kit / "README.md").read_text()
    canary, *others = [
        block
        for block in re.findall(r"^```\n(.*?)^```", text, re.M | re.S)
        if block.startswith(("cp ", "sed "))
        if "config/models.config" in block
    ]
    copies = [line for line in canary.splitlines() if line.startswith("cp ")]
    return ["\n".join(copies), *others]


def test_monitoring(kit):
    config = parse("MonitoringConfig", kit / "config/monitoring.config")
    assert config.prometheus_config.enable
    path = config.prometheus_config.path
    scraped = (kit / "prometheus/prometheus.yml").read_text()
    assert f"metrics_path: {path}\n" in scraped
    annotated = (kit / "kubernetes/deployment.yaml").read_text()
    assert f"prometheus.io/path: {path}\n" in annotated


def test_batching(kit):
    config = parse("BatchingParameters", kit / "config/batching.config")
    # All that the server takes from here where models have files of their own.
    assert {field.name for field, _ in config.ListFields()} == {
        "thread_pool_name",
        "num_batch_threads",
    }


def test_a_mistake_is_found(kit, tmp_path):
    text = (kit / "config/models.config").read_text()
    (tmp_path / "models.config").write_text(text.replace("value", "valeu"))
    with pytest.raises(text_format.ParseError):
        models(tmp_path / "models.config")
