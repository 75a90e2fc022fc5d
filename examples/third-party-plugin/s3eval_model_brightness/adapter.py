"""The adapter, imported only when the model is used."""

from __future__ import annotations

from s3eval import Footage, Model, Question


class Brightness(Model):
    """Answers from the mean brightness of the frames it is shown."""

    def answer(self, footage: Footage, question: Question) -> str:
        """Yes to sleep when the clip is dark, no to everything else."""
        dark = bool(footage.frames.mean() < 60)
        return "yes" if question.key == "occur_during_sleep" and dark else "no"
