"""The stemmer of ROUGE: NLTK's Porter, without the rest of NLTK.

Importing ``nltk`` imports scikit-learn, pandas and SciPy's statistics with it: two CPU seconds and
180 MB for one file that needs none of them. Here that file alone is imported.
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["stem"]


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    if "nltk" in sys.modules:
        return importlib.import_module("nltk.stem.porter").PorterStemmer()
    spec = find_spec("nltk")  # finds the package, imports nothing
    places = [Path(p) for p in (spec.submodule_search_locations if spec else None) or ()]
    for name, folder in (("nltk", ""), ("nltk.stem", "stem")):
        package = ModuleType(name)
        package.__path__ = [str(place / folder) for place in places]
        sys.modules[name] = package
    try:
        porter: Any = importlib.import_module("nltk.stem.porter")
    except ImportError:  # another release of NLTK, whose file needs more of it
        porter = None
    finally:
        # Whoever imports NLTK later gets all of it.
        for name in [m for m in sys.modules if m.partition(".")[0] == "nltk"]:
            del sys.modules[name]
    return (porter or importlib.import_module("nltk.stem.porter")).PorterStemmer()


# Stemming costs more than all else, and a few thousand words make up all texts.
@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The word without its ending.

    >>> stem("flexed"), stem("arms")
    ('flex', 'arm')
    """
    return str(_stemmer().stem(word))
