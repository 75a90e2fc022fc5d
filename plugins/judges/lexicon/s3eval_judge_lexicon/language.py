"""Whether a text is English, which is all that the lexicon reads."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["not_english"]

_ENGLISH = frozenset(
    (
        *("the", "of", "and", "with", "is", "are", "was", "were", "to", "by", "at", "for", "from"),
        *("his", "her", "she", "he", "they", "their", "it", "this", "that", "there", "which"),
        *("then", "while", "when", "after", "before", "followed", "during", "both", "not", "no"),
        *("has", "had", "have", "does", "be", "or", "on", "as", "left", "right", "who", "but"),
    )
)
# Words of German, French, Spanish, Italian, Portuguese, Dutch; none that notes in English have
# too ("LE", "IM").
_OTHER = frozenset(
    (
        *("der", "das", "und", "ist", "mit", "nach", "nicht", "eine", "ein", "einen", "dem", "zum"),
        *("wird", "sich", "auf", "bei", "dann", "links", "rechts", "beide", "keine", "kein"),
        *("la", "et", "est", "une", "des", "avec", "puis", "gauche", "droite", "dans", "sur"),
        *("los", "las", "una", "hacia", "izquierda", "derecha", "della", "poi", "sinistra"),
        *("destra", "um", "uma", "esquerda", "direita", "het", "een", "naar", "niet", "van"),
    )
)

# Different words of the first list after which a text is taken for English.
_ENOUGH = 4


def not_english(words: Sequence[str]) -> bool:
    """Whether a text has more words of another language or script than of English.

    Args:
        words: the text's words, lower case; different ones count.

    >>> not_english("der patient dreht den kopf nach links".split())
    True
    >>> not_english("head version left then oral automatisms".split())
    False
    """
    english = len(_ENGLISH.intersection(words))
    if english > _ENOUGH:
        return False  # most texts; nothing else need be counted
    other = len(_OTHER.intersection(words))
    letters = "".join(words)
    in_another_script = 2 * sum(not letter.isascii() for letter in letters) > len(letters)
    return (other > 1 and other > english) or in_another_script
