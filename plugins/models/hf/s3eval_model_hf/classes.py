"""Which class loads a checkpoint, or why none does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s3eval import S3EvalError
from s3eval.hf.loading import FindClass
from s3eval.hf.source import Source, first_line

__all__ = ["REFUSED", "code_version", "find_class", "mapped_types"]

#: Types that the library maps to these classes although they answer no question about a clip.
REFUSED = {
    "evolla": "it takes proteins",
    "pi0": "it answers with movements of a robot",
    "pp_formulanet": "it takes no question",
    "vision-encoder-decoder": "it takes no question",
}

# The entries of a checkpoint's ``auto_map`` that name a class which generates.
_REMOTE = ("AutoModelForMultimodalLM", "AutoModelForImageTextToText", "AutoModelForCausalLM")


def mapped_types() -> dict[str, str]:
    """Every ``model_type`` that the installed library maps to a class of multimodal generation."""
    from transformers.models.auto import modeling_auto

    known = dict(modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES)
    known |= getattr(modeling_auto, "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES", {})
    return {name: kind for name, kind in known.items() if isinstance(kind, str)}


def find_class(trust_remote_code: bool) -> FindClass:
    """A function that finds the class for a checkpoint (`s3eval.hf.loading.load_checkpoint`).

    Args:
        trust_remote_code: whether code beside the weights may be imported.
    """

    def find(name: str, source: Source) -> Any:
        if trust_remote_code and (reference := _remote_reference(source.raw)):
            return _remote_class(reference, source)
        model_type = str(source.raw.get("model_type", ""))
        if model_type in REFUSED:
            raise S3EvalError(
                f"'{name}' cannot ask a '{model_type}' checkpoint",
                where=source.place,
                why=REFUSED[model_type],
            )
        kind = _library_class(model_type, source.raw)
        if kind is None:
            raise _refusal(model_type, source)
        return kind

    return find


def _library_class(model_type: str, raw: Mapping[str, Any]) -> Any:
    import transformers

    class_name = mapped_types().get(model_type)
    if class_name is None:
        return None
    # A whole omni model also speaks; the part that answers in text has a class of its own.
    thinker = class_name.replace("ForConditionalGeneration", "ThinkerForConditionalGeneration")
    if "thinker_config" in raw and hasattr(transformers, thinker):
        class_name = thinker
    return getattr(transformers, class_name)


def _remote_reference(raw: Mapping[str, Any]) -> str:
    mapped = raw.get("auto_map") or {}
    return next((str(mapped[key]) for key in _REMOTE if key in mapped), "")


def _remote_class(reference: str, source: Source) -> Any:
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    arguments = {k: v for k, v in source.arguments.items() if k != "trust_remote_code"}
    try:
        return get_class_from_dynamic_module(reference, source.place, **arguments)
    except Exception as error:
        raise S3EvalError(
            "The code beside this checkpoint's weights does not import",
            where=source.place,
            why=first_line(error),
        ) from error


def _refusal(model_type: str, source: Source) -> S3EvalError:
    """Why the installed library cannot load it as a model that sees or hears."""
    import transformers
    from transformers import CONFIG_MAPPING

    installed = transformers.__version__
    if _remote_reference(source.raw):
        return S3EvalError(
            f"This checkpoint ('{model_type}') needs Python code that lies beside its weights",
            where=source.place,
            why=f"transformers {installed} has no class of its own for it",
            fix="read that code, then --model-option trust_remote_code=true",
        )
    if model_type in CONFIG_MAPPING:
        return S3EvalError(
            f"A '{model_type}' checkpoint does not answer questions about images, video or sound",
            where=source.place,
            why=f"transformers {installed} maps it to no class that does",
            fix="a checkpoint that does",
        )
    if mapped := source.raw.get("auto_map"):
        return S3EvalError(
            f"The code beside this checkpoint's weights ('{model_type}') has no class that "
            "answers questions",
            where=source.place,
            why=f"its auto_map names {', '.join(mapped)}, but none of {', '.join(_REMOTE)}, and "
            f"transformers {installed} has no class of its own for it",
            fix="a checkpoint whose auto_map names one of them; trust_remote_code changes nothing",
        )
    written = str(source.raw.get("transformers_version", ""))
    newer = bool(written) and _number(written) > _number(installed)
    return S3EvalError(
        f"transformers {installed} does not know the architecture '{model_type}'",
        where=source.place,
        why=f"the checkpoint was saved with transformers {written}" if written else "",
        fix=f"pip install 'transformers>={written}'" if newer else "pip install -U transformers",
    )


def _number(version: str) -> tuple[int, ...]:
    """The leading numbers of a version.

    >>> _number("5.30.0.dev0") > _number("5.24.0")
    True
    """
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def code_version(checkpoint: str, commit: str) -> str:
    """Which remote code ran: the repository's commit, or a fingerprint of the folder's code."""
    folder = Path(checkpoint).expanduser()
    if not folder.is_dir():
        return commit
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return "sha256:" + digest.hexdigest()[:16]
