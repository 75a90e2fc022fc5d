"""Runs in lmms-eval's environment, by that environment's interpreter; imports nothing of s3eval.

One JSON object a line. First in: the model, its arguments. First out: what was loaded, or why not.
Then in: a clip's files and questions; out: an answer for each, a text or an error. Whatever
lmms-eval and its models print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

CLIP = "clip"


def main() -> int:
    """Serve until the input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def send(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        model, facts = _loaded(json.loads(sys.stdin.readline()))
    except BaseException as error:
        traceback.print_exc()
        send({"error": f"{type(error).__name__}: {error}"})
        return 1
    if not facts.pop("allow_remote"):
        sys.addaudithook(_refuse_other_machines)
    send(facts)
    for line in sys.stdin:
        asked = json.loads(line)
        send({"answers": _answers(model, asked)})
    return 0


def _loaded(wanted: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from importlib.metadata import version

    from lmms_eval.models import get_model

    kind = get_model(wanted["model"], force_simple=wanted["simple"])
    model = kind(**wanted["arguments"])
    return model, {
        "version": version("lmms-eval"),
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "simple": bool(getattr(kind, "is_simple", True)),
        "allow_remote": bool(wanted["allow_remote"]),
    }


def _refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    """Once the weights are there, nothing connects to another machine without permission."""
    if event not in ("socket.connect", "socket.sendto") or len(arguments) < 2:
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # A socket of this machine's file system.
    host = str(address[0])
    if host == "::1" or host.startswith(("127.", "::ffff:127.")):
        return
    raise PermissionError("this model sends to another machine; allow it with --allow-remote")


def _answers(model: Any, asked: dict[str, Any]) -> list[dict[str, str]]:
    """All questions in one call, so that a model may batch; one by one where that fails."""
    questions = asked["questions"]
    try:
        given = _generated(model, asked, questions)
        if len(given) == len(questions):
            return [_checked(text) for text in given]
    except MemoryError:
        raise
    except Exception:
        if len(questions) == 1:
            return [_failure()]
    answers = []
    for question in questions:
        try:
            (text,) = _generated(model, asked, [question])
            answers.append(_checked(text))
        except Exception:
            answers.append(_failure())
    return answers


def _failure() -> dict[str, str]:
    traceback.print_exc()
    kind, value, _ = sys.exc_info()
    return {"error": f"{kind.__name__ if kind else 'Error'}: {value}"}


def _checked(given: Any) -> dict[str, str]:
    text = getattr(given, "text", given)
    if isinstance(text, (tuple, list)) and text and isinstance(text[0], str):
        text = text[0]
    if not isinstance(text, str):
        return {"error": f"the model gave {type(text).__name__} instead of text"}
    return {"text": text}


def _generated(model: Any, asked: dict[str, Any], questions: list[dict[str, Any]]) -> list[Any]:
    """What the model's own ``generate_until`` makes of requests as lmms-eval builds them."""
    from lmms_eval.api.instance import Instance

    docs = dict(enumerate(questions))
    model.task_dict[CLIP] = {CLIP: docs}

    def to_visual(doc: dict[str, Any]) -> list[Any]:
        return _visual(asked)

    def to_messages(doc: dict[str, Any]) -> list[dict[str, Any]]:
        content = [_content(v) for v in _visual(asked)]
        content.append({"type": "text", "text": _prompt(doc)})
        return [{"role": "user", "content": content}]

    simple = bool(getattr(model, "is_simple", True))
    requests = []
    for number, question in docs.items():
        settings = {
            "max_new_tokens": question["max_tokens"],
            "temperature": 0,
            "do_sample": False,
            "until": [],
        }
        prompt = _prompt(question)
        arguments = (
            (prompt, settings, to_visual, number, CLIP, CLIP)
            if simple
            else (prompt, to_messages, settings, number, CLIP, CLIP)
        )
        requests.append(
            Instance(
                request_type="generate_until",
                arguments=arguments,
                idx=0,
                metadata={"task": CLIP, "doc_id": number, "repeats": 1},
            )
        )
    return list(model.generate_until(requests))


def _prompt(question: dict[str, Any]) -> str:
    return f"{question['system']}\n\n{question['text']}" if question["system"] else question["text"]


def _visual(asked: dict[str, Any]) -> list[Any]:
    """The clip as lmms-eval's tasks hand it over: a path of a video, pictures, sound as samples."""
    media: list[Any] = []
    for path in asked["visual"]:
        if path.endswith(".png"):
            from PIL import Image

            with Image.open(path) as image:
                media.append(image.convert("RGB"))
        else:
            media.append(path)
    if asked["sound"] and not (media and isinstance(media[0], str)):
        media.append(_sound(asked["sound"]))
    return media


def _sound(path: str) -> dict[str, Any]:
    import wave

    import numpy as np

    with wave.open(path, "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return {"array": samples.astype(np.float32) / 32768.0, "sampling_rate": file.getframerate()}


def _content(visual: Any) -> dict[str, Any]:
    kind = "video" if isinstance(visual, str) else "audio" if isinstance(visual, dict) else "image"
    return {"type": kind, "url": visual}


if __name__ == "__main__":
    raise SystemExit(main())
