"""A key is taken out of a server's words however it is written there."""

import base64
import html
import json
import urllib.parse

import pytest

from s3eval.remote.exchange import reply_of
from s3eval.remote.failures import failure_of_status
from s3eval.remote.secret import Secret

KEY = "sk-Zq7/Rf+29xLmWp0TbUe="
WRITTEN = {
    "as it is": KEY,
    "upper case": KEY.upper(),
    "JSON escapes": KEY.replace("s", "\\u0073").replace("/", "\\/"),
    "every character escaped": "".join(f"\\u{ord(c):04X}" for c in KEY),
    "JSON in JSON": json.dumps(json.dumps(KEY)).replace("k", "\\\\u006b"),
    "percent": urllib.parse.quote(KEY, safe=""),
    "percent of every character": "".join(f"%{ord(c):02x}" for c in KEY),
    "percent twice": urllib.parse.quote(urllib.parse.quote(KEY, safe="")),
    "HTML": "".join(f"&#{ord(c)};" for c in KEY),
    "HTML hexadecimal": "".join(f"&#x{ord(c):x};" for c in KEY),
    "escaped HTML": html.escape("".join(f"&#{ord(c)};" for c in KEY)),
    "Python escapes": "".join(f"\\x{ord(c):02x}" for c in KEY),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of the header": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 of user and key": base64.b64encode(f"me:{KEY}".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"k:{KEY}".encode()).decode(),
    "hexadecimal": KEY.encode().hex(),
    "first half": KEY[:14],
    "last half": KEY[-14:],
    "backwards": KEY[::-1],
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_every_way_to_write_a_key_is_found(written):
    scrubbed = Secret(KEY).scrub(f"The key {written} is wrong.")
    assert "***" in scrubbed
    assert written[4:-4] not in scrubbed
    assert scrubbed.startswith("The key ") and scrubbed.endswith(" is wrong.")


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_it_is_found_again_after_decoding(written):
    scrub = Secret(KEY).scrub
    whole = json.dumps({"choices": [{"message": {"content": f"key {written}"}}]})
    body = whole.replace("k", "\\u006b").replace("%", "\\u0025").replace("&", "\\u0026")
    reply = reply_of(body, {"model": "m"}, scrub)
    assert "***" in reply.text and written[4:-4] not in reply.text
    error = failure_of_status(400, {}, body.replace('"choices"', '"error"'), scrub)
    assert written[4:-4] not in error.reason


def test_other_text_stays_as_it_is():
    text = "Das \\u00e4ndert 50 % nichts: a/b, 100%41, &#65; and C:\\temp, sk-other-key."
    assert Secret(KEY).scrub(text) == text
    assert Secret("").scrub(text) == text


def test_a_short_key_is_replaced_whole_and_as_it_is():
    assert Secret("EMPTY").scrub("the hand is empty; key EMPTY") == "the hand is empty; key ***"
