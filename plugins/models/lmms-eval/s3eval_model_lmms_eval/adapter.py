"""Any model of lmms-eval behind the contract of s3eval's models."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import Answer, Model, S3EvalError
from s3eval_model_lmms_eval.media import ClipFiles, write_clip
from s3eval_model_lmms_eval.options import LmmsEvalOptions, read_options
from s3eval_model_lmms_eval.process import Worker, WorkerLostError

if TYPE_CHECKING:
    from s3eval import Footage, ModelSpec, Question
    from s3eval.permission import Permission
    from s3eval.vocabulary import Sense

__all__ = ["SERVICES", "LmmsEvalModel"]

#: Models of lmms-eval 0.7.3 whose class sends clips to a service.
SERVICES = frozenset(
    (
        *(
            "async_openai_compatible",
            "async_openai",
            "batch_gpt4",
            "claude",
            "gemini",
            "generation_api",
        ),
        *("gpt4o_audio", "gpt4v", "litellm", "openai", "openai_compatible", "qwen_vl_api", "reka"),
        *("openai_compatible_chat", "async_openai_compatible_chat"),
        *("srt_api", "gemini_api", "litellm_chat", "litellm_compatible"),
    )
)
# What many classes return where they fail.
_NO_TEXT = "the model gave no text"


@dataclass(frozen=True)
class _Watched:
    """A clip's files, in a folder that goes when they are let go."""

    folder: Path
    files: ClipFiles


class LmmsEvalModel(Model):
    """A model of lmms-eval, in a process of that toolkit's environment.

    Every clip is written once as sampled here and handed over with all its questions in one
    call; the model's class decodes it, and samples it again as its own arguments say.
    """

    def __init__(self, options: LmmsEvalOptions, allow_remote: bool = False) -> None:
        self._options = options
        self._allow_remote = allow_remote
        self._worker: Worker | None = self._started()
        self._facts = dict(self._worker.facts)

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options as typed values; arguments of the model's class stay as they were given.

        Raises:
            S3EvalError: no model is named, or a value does not fit.
        """
        chosen, _ = read_options(options)
        return chosen.model_dump(include=set(options))

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> LmmsEvalModel:
        """Start the process and load the model there.

        Raises:
            S3EvalError: wrong options, a service without permission, no lmms-eval there, no such
                model.
        """
        chosen, permission = read_options(options)
        _check_service(chosen, permission)
        return cls(chosen, permission.allow_remote)

    @property
    def senses(self) -> frozenset[Sense]:
        """Sight, and hearing where the sound goes along."""
        return frozenset({"sight", "hearing"} if self._options.sound else {"sight"})

    def identity(self) -> Mapping[str, Any]:
        """The class and its arguments, and how clips are handed over."""
        options = self._options
        return {
            "lmms_eval": self._facts["version"],
            "class": self._facts["class"],
            "model": options.model,
            "arguments": json.loads(json.dumps(options.arguments, sort_keys=True, default=str)),
            "media": options.media,
            "sound": options.sound,
        }

    def watch(self, footage: Footage) -> _Watched:
        """Write the clip's files."""
        folder = Path(tempfile.mkdtemp(prefix="s3eval-clip-"))
        try:
            files = write_clip(footage, folder, self._options.media, self._options.sound)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return _Watched(folder, files)

    def release(self, watched: _Watched) -> None:
        """Remove the clip's files."""
        shutil.rmtree(watched.folder, ignore_errors=True)

    def ask(self, watched: _Watched, questions: Sequence[Question]) -> Iterator[Answer]:
        """All questions in one call; one that fails is asked again by itself there."""
        asked = [
            {"text": q.text, "max_tokens": q.max_tokens, "system": q.system} for q in questions
        ]
        try:
            if self._worker is None:
                self._worker = self._started()
            answers = self._worker.ask(
                {**watched.files.as_json(), "questions": asked}, self._options.seconds
            )
        except (WorkerLostError, S3EvalError) as error:
            self._end()
            yield from (Answer.failed(_plain(str(error), watched.folder)) for _ in questions)
            return
        for given in answers:
            text, reason = given.get("text", ""), given.get("error", _NO_TEXT)
            yield Answer.of(text) if text else Answer.failed(_plain(reason, watched.folder))

    def close(self) -> None:
        """End the process."""
        self._end()

    def _started(self) -> Worker:
        options = self._options
        wanted = {
            "model": options.model,
            "arguments": dict(options.arguments),
            "simple": options.simple,
            "allow_remote": self._allow_remote,
        }
        return Worker(options.interpreter, wanted)

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _check_service(options: LmmsEvalOptions, permission: Permission) -> None:
    if options.model in SERVICES and not permission.allow_remote:
        raise S3EvalError(
            f"The model '{options.model}' of lmms-eval sends clips to another machine",
            fix="--allow-remote",
        )


def _plain(reason: str, folder: Path) -> str:
    """One line, without the clip's temporary folder."""
    return " ".join(reason.replace(str(folder), "").split())[:400]
