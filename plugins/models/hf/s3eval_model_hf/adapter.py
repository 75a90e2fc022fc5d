"""`hf`: a checkpoint's class, senses, prompt and budget found out from the checkpoint itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from s3eval import Question, S3EvalError
from s3eval.hf.clips import WatchedClip
from s3eval.hf.loading import Loaded, load_checkpoint
from s3eval.hf.media import Media, check_frames
from s3eval.hf.model import TransformersModel
from s3eval.hf.options import Options
from s3eval.hf.prefix import Prefix
from s3eval.hf.sharing import SharingCheck
from s3eval_model_hf.classes import code_version, find_class
from s3eval_model_hf.clips import resized
from s3eval_model_hf.formats import cut_sound, find_format, prompt_tokens, special_tokens
from s3eval_model_hf.options import HfOptions
from s3eval_model_hf.template import Cut, QuestionTemplate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval import Footage, ModelSpec
    from s3eval.vocabulary import Sense

__all__ = ["HfModel"]

# Below this many pixels a frame is not reduced to fit the budget.
_LEAST_PIXELS = 28 * 28


class HfModel(TransformersModel):
    """Any model that the library maps to image-text-to-text or multimodal generation."""

    options_type = HfOptions
    # Its way of giving a clip is the checkpoint's, so that no test can stand for it.
    compared_by_tests = frozenset()

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options as typed values.

        Raises:
            S3EvalError: an unknown option, a value that does not fit, or no checkpoint.
        """
        checked = super().checked_options(spec, options)
        _refuse_no_checkpoint(spec, checked.get("checkpoint", ""))
        return checked

    @classmethod
    def loaded(cls, spec: ModelSpec, options: Options) -> Loaded:
        """The checkpoint named in the options, in memory.

        Raises:
            S3EvalError: none is named; the installed library has no class for it, or only with
                code that lies beside the weights.
        """
        _refuse_no_checkpoint(spec, options.checkpoint)
        trusted = cast(HfOptions, options).trust_remote_code
        loaded = load_checkpoint(
            spec.name,
            options.checkpoint,
            find_class(trusted),
            options,
            trust_remote_code=trusted,
        )
        if trusted:
            version = str(loaded.identity["version"])
            loaded.identity["code"] = code_version(options.checkpoint, version)
        return loaded

    def make_ready(self) -> None:
        """Find out how this checkpoint takes clips."""
        options = cast(HfOptions, self.options)
        self.format, self._reasons = find_format(self.processor, self.model.config, options)
        if not self.senses:
            raise S3EvalError(
                "This checkpoint takes neither frames nor sound in a chat",
                where=options.checkpoint,
                why="; ".join(self._reasons),
            )
        self._cut: Cut = "token"
        # Pixels a frame may have, by number and size of the frames, and seconds of sound that
        # were seen not to be cut.
        self._pixels: dict[tuple[int, ...], float] = {}
        self._seconds = 0.0

    @property
    def senses(self) -> frozenset[Sense]:
        """What this checkpoint perceives."""
        sees: set[Sense] = {"sight"} if self.format.frames else set()
        hears: set[Sense] = {"hearing"} if self.format.sound else set()
        return frozenset(sees | hears)

    def identity(self) -> Mapping[str, Any]:
        """As every transformers model's, with how clips are given."""
        return {
            **super().identity(),
            "model_type": self.model.config.model_type,
            "clips": {
                "frames": self.format.frames,
                "sound": self.format.sound,
                "times_as_text": self.format.times_as_text,
            },
        }

    def notice(self) -> str:
        """What the checkpoint perceives, and how questions share a clip."""
        frames = {"video": "frames as a video", "images": "frames as images"}
        given = [frames[self.format.frames]] if self.format.frames else []
        given += ["sound"] if self.format.sound else []
        return "; ".join([f"takes {' and '.join(given)}", *self._reasons, super().notice()])

    def media(self, footage: Footage) -> Media:
        """The clip, its frames reduced until the processor's own count fits the budget."""
        self._check_sound(footage)
        if not self.format.frames or not len(footage.frames):
            return self._fitting(footage, footage.frames[:0])
        check_frames(len(footage.frames), self.options, footage.clip.video)
        shape = footage.frames.shape[:3]
        if shape not in self._pixels:
            self._pixels[shape] = self._affordable_pixels(footage)
        return self._fitting(footage, resized(footage.frames, self._pixels[shape]))

    def _fitting(self, footage: Footage, frames: NDArray[np.uint8]) -> Media:
        return self.format.media(self.processor, footage, frames)

    def _affordable_pixels(self, footage: Footage) -> float:
        """The most pixels a frame may have for a clip of this shape to fit the token budget."""
        height, width = footage.frames.shape[1:3]
        pixels = float(min(height * width, self.options.max_pixels))
        budget, least = self.options.max_media_tokens, max(self.options.min_pixels, _LEAST_PIXELS)
        counted: dict[int, float] = {}
        while True:
            media = self._fitting(footage, resized(footage.frames, pixels))
            tokens = self._media_tokens(media)
            if tokens <= budget:
                return pixels
            # The same number for half the pixels: this processor makes as many of any frame.
            fixed = pixels < counted.setdefault(tokens, pixels) / 2
            smaller = pixels * min(0.9, 0.98 * budget / tokens)
            if fixed or smaller < least:
                raise S3EvalError(
                    f"The clip's {len(footage.frames)} frames need {tokens:,} tokens, over the "
                    f"budget of {budget:,}",
                    where=footage.clip.video,
                    fix=f"fewer frames, or --model-option max_media_tokens={tokens}",
                )
            pixels = smaller

    def _media_tokens(self, media: Media) -> int:
        """Tokens the processor makes of a clip, without those of the text around it."""
        template = self.template(media)
        text = template.render("x")
        return len(prompt_tokens(self.processor, text, media)) - len(template.tokens(text))

    def _check_sound(self, footage: Footage) -> None:
        """Refuse sound whose end the processor would leave out silently."""
        sound = footage.sound
        if not self.format.sound or sound is None or not len(sound):
            return
        seconds = len(sound) / footage.sound_rate
        if seconds <= self._seconds:
            return
        if cut_sound(self.processor, sound, footage.sound_rate):
            raise S3EvalError(
                f"The clip has {seconds:.0f} s of sound, but this checkpoint's processor leaves "
                "out its end",
                where=footage.clip.video,
                fix="shorter clips, or --model-option sound=false",
            )
        self._seconds = seconds

    def template(self, media: Media) -> QuestionTemplate:
        """The chat template around this clip."""
        return QuestionTemplate(self.processor, media.content, self._cut, self.thinking)

    def tail(self, clip: WatchedClip, prefix: Prefix, question: Question) -> tuple[int, ...]:
        """The tokens of a question's prompt after the clip."""
        template = cast(QuestionTemplate, clip.template)
        return template.tail_after(prefix.tokens, question.text, question.system)

    def processed(self, text: str, media: Media) -> Any:
        """What the processor makes of a prompt with its clip, on the CPU."""
        return self.processor(
            text=[text],
            return_tensors="pt",
            **special_tokens(self.processor, text),
            **media.processor,
        )

    def placed(self, made: Any) -> Any:
        """The same on the model's device, in its dtype."""
        return made.to(self.model.device, dtype=self.model.dtype)

    def _compared(self) -> SharingCheck:
        """The comparison with the clip's part ending at a special token, or else later."""
        checks = []
        cuts: tuple[Cut, ...] = ("token", "question")
        for cut in cuts:
            self._cut = cut
            checks.append(super()._compared())
            if checks[-1].way != "independent":
                return checks[-1]
        self._cut = "token"
        return checks[0]


def _refuse_no_checkpoint(spec: ModelSpec, checkpoint: str) -> None:
    if not checkpoint:
        raise S3EvalError(
            f"'{spec.name}' needs a checkpoint",
            fix="--model-option checkpoint=FOLDER or a repository id (owner/name)",
        )
