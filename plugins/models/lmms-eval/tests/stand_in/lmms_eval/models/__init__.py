"""Models that answer by footage, and some that misbehave."""

import os
import socket
import time


class _Base:
    is_simple = True

    def __init__(self, **arguments):
        self.arguments = arguments
        self.task_dict = {}
        print("printed while loading")

    def seen(self, request):
        prompt, settings, to_visual, number, task, split = request.args
        return prompt, settings, to_visual(self.task_dict[task][split][number])

    def generate_until(self, requests):
        print("printed while answering")
        return [self.answer(*self.seen(r)) for r in requests]


class Footage(_Base):
    def answer(self, prompt, settings, visual):
        import av
        import numpy as np

        if "fail" in prompt:
            raise ValueError(f"cannot read {visual[0]}")
        if isinstance(visual[0], str):
            with av.open(visual[0]) as file:
                frames = [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
                sounds = len(file.streams.audio)
        else:
            frames = [np.asarray(v) for v in visual if not isinstance(v, dict)]
            sounds = sum(isinstance(v, dict) for v in visual)
        level = round(float(np.mean(frames)))
        words = self.arguments.get("words", "")
        tokens = settings["max_new_tokens"]
        return f"{words}{len(frames)} frames, level {level}, sound {sounds}, {tokens} tokens"


class Chat(_Base):
    is_simple = False

    def seen(self, request):
        prompt, to_messages, settings, number, task, split = request.args
        return prompt, settings, to_messages(self.task_dict[task][split][number])

    def answer(self, prompt, settings, messages):
        content = messages[0]["content"]
        return " ".join(part["type"] for part in content) + " " + content[-1]["text"]


class Quits(_Base):
    def answer(self, prompt, settings, visual):
        if "quit" in prompt:
            os._exit(7)
        return "still there"


class Slow(_Base):
    def answer(self, prompt, settings, visual):
        time.sleep(30)


class Sends(_Base):
    def answer(self, prompt, settings, visual):
        socket.create_connection(("192.0.2.1", 80), timeout=2)


class Numbers(_Base):
    def answer(self, prompt, settings, visual):
        return 7


class Absent(_Base):
    def __init__(self, **arguments):
        raise FileNotFoundError("no weights in nowhere")


_KINDS = {
    "footage": Footage,
    "chat": Chat,
    "quits": Quits,
    "slow": Slow,
    "sends": Sends,
    "numbers": Numbers,
    "absent": Absent,
    "gemini": Footage,
}


def get_model(name, force_simple=False):
    if name not in _KINDS:
        raise ValueError(f"Model '{name}' not found in available models: {', '.join(_KINDS)}")
    return _KINDS[name]
