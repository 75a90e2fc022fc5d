"""A model in lmms-eval's registry that answers by what a clip shows; fails where told to."""

import re

import av
from lmms_eval.api.model import lmms
from lmms_eval.models.registry_v2 import ModelManifest

MANIFEST = ModelManifest("footage", simple_class_path="footage_model.FootageModel")


def brightness(path):
    with av.open(path) as file:
        frames = [f.to_ndarray(format="gray") for f in file.decode(video=0)]
    middle = [float(f[:, : f.shape[1] // 2].mean()) for f in frames]
    return len(frames), sum(middle) / len(middle)


def answer(prompt, path):
    count, level = brightness(path)
    odd = int(level * 1000) % 2 == 1
    if "timestamp" in prompt:
        return f'{{"timestamp": "00:{int(level) % 60:02d}"}}'
    if "left or right" in prompt:
        return "left" if odd else "right"
    if "body part" in prompt:
        return ["head", "arms", "left arm"][count % 3]
    if "chronological order" in prompt:
        return "head turning, tonic, clonic" if odd else "blank stare, oral automatisms"
    if "'ES' or 'NES'" in prompt.replace("’", "'") or "NES" in prompt:
        return "ES" if odd else "NES"
    if "semiology description" in prompt:
        return f"Blank stare, then the {'left' if odd else 'right'} arm stiffens. Later confused."
    word = "Yes." if odd else "No."
    return f"{word} The patient is seen for {count} frames." if "justify" in prompt else word


class FootageModel(lmms):
    def __init__(self, fail="", batch_size=1, device=None, **arguments):
        super().__init__()
        self._fail = fail

    def generate_until(self, requests):
        found = []
        for request in requests:
            prompt, _, to_visual, number, task, split = request.args
            (path,) = to_visual(self.task_dict[task][split][number])
            empty = self._fail and re.search(self._fail, prompt)
            found.append("" if empty else answer(prompt, path))
        return found

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError
