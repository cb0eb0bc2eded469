"""The server's configuration, read by TensorFlow Serving's own messages."""

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


def test_canary_of_the_version_to_come(kit):
    assert models(kit / "config/models.canary.config") == {
        "faces": ("/models/faces", [1, 2], {"stable": 1, "canary": 2})
    }


def test_canary_of_versions_that_are_there(kit_of_several):
    assert models(kit_of_several / "config/models.canary.config") == {
        "My_faces": ("/models/My_faces", [3, 12], {"stable": 3, "canary": 12}),
        "shoes": ("/models/shoes", [1], {"stable": 1}),
    }


def test_readme_says_what_the_canary_says(kit_of_several):
    text = (kit_of_several / "README.md").read_text()
    assert "versions: [3, 12]" in text
    assert 'version_labels { key: "canary" value: 12 }' in text
    assert "writes version 13" in text


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
