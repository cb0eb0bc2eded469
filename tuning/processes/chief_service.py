"""The chief's answers to its workers."""

import threading
import time
from concurrent import futures

import grpc
from google.protobuf.message import Message
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from tfgen.tuning.oracles.durable_oracle import DurableOracle
from tfgen.tuning.processes import chief_contact

# More than workers, so that leases do not wait for slow draws.
THREADS = 64


class ChiefService(OracleServicer):
    """Answers workers' questions to the oracle, over gRPC.

    A context manager: the server runs in the block.

    Args:
        oracle: says which trial comes next.
        host: IP address to listen at.
        port: 0 for one that the system chooses.

    Attributes:
        port: where it listens.
        asked: when workers last asked for a trial, by their names, in seconds
            of the monotonic clock.
        heard: when anything was last heard of them. Workers that had a trial
            when the chief was ended have time to be heard of again.
        met: names of workers that this process has heard of.
        busy: names of workers that have been given a trial since they were
            started.
        stopped: names of workers that were told to stop.
    """

    def __init__(
        self, oracle: DurableOracle, host: str = "127.0.0.1", port: int = 0
    ):
        super().__init__(oracle)
        self.asked, self.busy, self.stopped = {}, set(), set()
        self.met = set()
        self.heard = dict.fromkeys(oracle.ongoing_trials, time.monotonic())
        self._error = None
        self._lock = threading.Lock()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=THREADS),
            # Two chiefs must not share a port.
            options=[("grpc.so_reuseport", 0)],
        )
        protos.get_service_grpc().add_OracleServicer_to_server(
            self, self._server
        )
        self.port = _bound(self._server, host, port)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *error):
        self._server.stop(grace=1.0).wait()

    def forget(self, worker: str) -> None:
        """A process of that name is about to be started."""
        with self._lock:
            self.busy.discard(worker)
            self.stopped.discard(worker)
            self.heard.pop(worker, None)

    def is_alive(self, worker: str) -> bool:
        """Whether a worker has been heard of lately."""
        with self._lock:
            heard = self.heard.get(worker)
        now = time.monotonic()
        return heard is not None and now - heard <= chief_contact.SECONDS_DEAD

    def raise_error(self) -> None:
        """Raises what the oracle raised, such as that the disk is full."""
        if self._error is not None:
            raise self._error

    def CreateTrial(
        self, request: Message, context: grpc.ServicerContext
    ) -> Message:
        answer = self._call(super().CreateTrial, request, context)
        status = TrialStatus.from_proto(answer.trial.status)
        with self._lock:
            self.asked[request.tuner_id] = time.monotonic()
            self._hear(request.tuner_id)
            if status == TrialStatus.RUNNING:
                self.busy.add(request.tuner_id)
            if status == TrialStatus.STOPPED:
                self.stopped.add(request.tuner_id)
            else:  # a trial that was taken over needs it after all
                self.stopped.discard(request.tuner_id)
        return answer

    def GetTrial(
        self, request: Message, context: grpc.ServicerContext
    ) -> Message:
        """Whether a trial is still that of the worker that asks."""
        worker = dict(context.invocation_metadata()).get(chief_contact.WORKER)
        if worker is None:
            return self._call(super().GetTrial, request, context)
        with self._lock:
            self._hear(worker)
        if request.trial_id not in ("", self.oracle.trial_of(worker)):
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"trial {request.trial_id} is not that of {worker}",
            )
        return protos.get_service().GetTrialResponse()

    def UpdateTrial(
        self, request: Message, context: grpc.ServicerContext
    ) -> Message:
        return self._call(super().UpdateTrial, request, context)

    def EndTrial(
        self, request: Message, context: grpc.ServicerContext
    ) -> Message:
        return self._call(super().EndTrial, request, context)

    def _hear(self, worker):
        self.heard[worker] = time.monotonic()
        self.met.add(worker)

    def _call(self, method, request, context):
        try:
            return method(request, context)
        except KeyError as error:  # a trial of another search
            context.abort(
                grpc.StatusCode.NOT_FOUND, f"there is no trial {error}"
            )
        except Exception as error:
            self._error = error  # the chief ends; the worker hears UNKNOWN
            raise


def _bound(server, host, port):
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError:
        bound = 0
    if not bound:
        raise ValueError(
            f"{host}:{port} cannot be listened at, expected a free address for "
            "the chief: choose another port, or an address of this machine."
        )
    return bound
