"""Starting workers on a Ray cluster, noticing that one is lost, and starting another."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from s3eval.errors import MachineError, S3EvalError
from s3eval.permission import Permission
from s3eval.running.loaded import LoadedFacts
from s3eval_executor_ray.options import Options
from s3eval_executor_ray.worker import Trouble, Worker

__all__ = ["Cluster"]

# Bytes for results on their way, answers of some kilobytes each; Ray takes no less.
_STORE = 80 * 2**20


class Cluster:
    """A connection to Ray, and the workers of a run.

    Args:
        options: of the executor.
        name, model_options: of the model that each worker loads.

    Raises:
        S3EvalError: no such cluster, or it has too little for the workers.
    """

    def __init__(self, options: Options, name: str, model_options: Mapping[str, Any]) -> None:
        # Ray tells its makers how it is used unless this is set before it is imported.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray

        self._ray: Any = ray
        self._name, self._model_options = name, model_options
        self._begun = not ray.is_initialized()
        if self._begun:
            _connect(ray, options)
        there = self._ray.cluster_resources()
        gpus = there.get("GPU", 0.0)
        each = options.gpus if options.gpus is not None else (1.0 if gpus else 0.0)
        fits = int(min(there.get("CPU", 0.0) / options.cpus, gpus / each if each else float("inf")))
        self.size = options.workers or fits
        if not 1 <= self.size <= fits:
            self.close()
            raise S3EvalError(
                f"This cluster has room for {fits} workers, not for {max(1, self.size)}",
                why=f"each takes {options.cpus:g} cores" + (f" and {each:g} GPUs" if each else ""),
                fix="--executor-option workers=N, cpus=N or gpus=N",
            )
        self._class = self._ray.remote(Worker).options(
            num_cpus=options.cpus, num_gpus=each, max_restarts=0, max_concurrency=2
        )

    def refuse_other_machines(self, permission: Permission) -> None:
        """Questions, answers and annotation would travel to other machines.

        Raises:
            S3EvalError: the cluster has several, and nobody allowed it.
        """
        addresses = {n["NodeManagerAddress"] for n in self._ray.nodes() if n["Alive"]}
        here = self._ray.util.get_node_ip_address()
        if not permission.allow_remote and addresses != {here}:
            raise S3EvalError(
                f"This Ray cluster has {len(addresses)} machines",
                why="tables, questions and answers would travel between them",
                fix="--allow-remote",
            )

    def start(self) -> tuple[Any, Any]:
        """A worker, and the result of its loading that is to be waited for."""
        worker = self._class.remote(self._name, self._model_options)
        return worker, worker.load.remote()

    def loaded(self, result: Any) -> LoadedFacts:
        """What a worker's model says of itself, once it is loaded.

        Raises:
            S3EvalError: loading failed there. MachineError: the worker was lost meanwhile.
        """
        try:
            facts = self._ray.get(result)
        except self.lost as error:
            raise MachineError(
                "A worker was lost while it loaded the model",
                why=f"its process ended ({type(error).__name__})",
                fix="fewer workers, or a smaller model",
            ) from None
        if isinstance(facts, Trouble):
            raise facts.error()
        assert isinstance(facts, LoadedFacts)
        return facts

    @property
    def lost(self) -> type[Exception]:
        """What Ray raises when a worker's process or machine is gone."""
        error: type[Exception] = self._ray.exceptions.RayActorError
        return error

    def share(self, value: Any) -> Any:
        """Put something where all workers read it."""
        return self._ray.put(value)

    def call(self, method: Any, *arguments: Any) -> Any:
        """Call a worker's method whose results come one by one."""
        return method.options(num_returns="streaming").remote(*arguments)

    def ready(self, pending: list[Any], seconds: float) -> list[Any]:
        """Which of those have something to read now, after waiting so long at most."""
        readable, _ = self._ray.wait(pending, num_returns=1, timeout=seconds)
        return list(readable)

    def get(self, result: Any) -> Any:
        """A result that is there."""
        return self._ray.get(result)

    def end(self, worker: Any) -> None:
        """End a worker's process, whatever it does."""
        self._ray.kill(worker, no_restart=True)

    def close(self) -> None:
        """Leave the cluster; one that was started for this run ends."""
        if self._begun and self._ray.is_initialized():
            self._ray.shutdown()


def _connect(ray: Any, options: Options) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if options.address:
            ray.init(address=options.address, **quiet)
        else:
            cores = options.workers * options.cpus if options.workers else None
            wanted = {} if cores is None else {"num_cpus": max(1, round(cores + 0.49))}
            # "local": not some cluster that RAY_ADDRESS names.
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=_STORE,
                **wanted,
                **quiet,
            )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = options.address or "this machine"
        raise S3EvalError("Ray cannot be reached", where=where, why=str(error)) from error
