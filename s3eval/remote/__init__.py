"""One client for OpenAI-compatible servers: used by the chat judges and the server model.

``httpx`` and ``tenacity`` (the extra ``remote``) are imported when a client is made, not here.
"""

from __future__ import annotations
