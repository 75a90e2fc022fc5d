"""What a paid judge would take is shown without consent and key, and nothing leaves the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.judge import Judge, ReadReport
from s3eval.judging.chat import ChatJudge, Service
from s3eval.judging.load import load_judge
from s3eval.permission import Permission
from s3eval.plugins import Plugin
from s3eval.remote.budget import BudgetSpent, Prices
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.transfer import Transfer
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said, report_facts, scripted
from s3eval.testing.plugins import beside_installed

TEXT = "Tonic stiffening of the left arm."


class Paid(ChatJudge):
    service = Service("paid", "https://api.paid.example/v1", "m-1", ("PAID_KEY",), Prices(2, 10))


class Careless(Judge):
    """Of a third party, and asks whatever the budget says."""

    remote = True

    @classmethod
    def load(cls, spec: Any, options: Any) -> Careless:
        return cls()

    def identity(self) -> dict[str, str]:
        return {"judge": "careless"}


@pytest.fixture(autouse=True)
def paid(monkeypatch, tmp_path):
    monkeypatch.delenv("PAID_KEY", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    specs = [JudgeSpec(n, adapter=f"{__name__}:{n.title()}", remote=True, model="m-1")
             for n in ("paid", "careless")]  # fmt: skip
    with beside_installed(*(Plugin("judge", spec, "s3eval-judge-paid", "1") for spec in specs)):
        yield


@pytest.fixture
def elsewhere():
    """A counting server under an address that is not this machine's loopback one."""

    def says(text: str, body: Any, before: int) -> Said:
        return Said(json.dumps(report_facts(text)))

    with scripted(says) as server:
        server.base_url = server.base_url.replace("127.0.0.1", "0.0.0.0")
        yield server


def judge(url: str, permission: Permission, **options: Any) -> ChatJudge:
    made = load_judge("paid", {"base_url": url, "cache": "off", **options}, permission)
    assert isinstance(made, ChatJudge)
    return made


def read(folder: Path, *words: str) -> int:
    file = folder / "reports.csv"
    file.write_text(f"file_name,report\na.mp4,{TEXT}\nb.mp4,Jerks.\n", encoding="utf-8")
    with pytest.raises(SystemExit) as done:
        main(["judge", "read", str(file), "--judge", "paid", "--phi", "off", *words])
    return int(done.value.code or 0)


def test_a_preview_needs_neither_consent_nor_key_and_sends_nothing(elsewhere, tmp_path, capsys):
    # A server of one's own has no known prices.
    options = [f"base_url={elsewhere.base_url}", "prompt_price=2", "completion_price=10"]
    words = [w for option in options for w in ("--judge-option", option)]
    assert read(tmp_path, *words, "--max-judge-calls", "0") == 3
    out, err = capsys.readouterr()
    host = elsewhere.base_url.split("/")[2]
    assert f"m-1 at {host}: 2 texts, 0 already read, 2 calls, about " in err
    assert "about $0." in err
    assert "0 of 2 new texts were read" in err
    assert "a larger budget, then run again, with --allow-remote and a key" in err
    assert out == ""
    assert elsewhere.asked == []


def test_with_consent_and_key_the_same_server_is_asked(elsewhere, tmp_path, monkeypatch, capsys):
    """Else the test above would count nothing on a server that is never reached."""
    monkeypatch.setenv("OWN_KEY", "sk-0123456789abcdef")
    words = ["--judge-option", f"base_url={elsewhere.base_url}"]
    words += ["--judge-option", "key_variable=OWN_KEY", "--allow-remote"]
    assert read(tmp_path, *words, "--max-judge-calls", "0") == 3
    assert elsewhere.asked == []
    assert read(tmp_path, *words) == 0
    assert len(elsewhere.asked) == 2


def test_the_service_itself_is_previewed_at_its_prices(tmp_path, capsys):
    assert read(tmp_path, "--max-judge-calls", "0") == 3
    err = capsys.readouterr().err
    assert "m-1 at api.paid.example: 2 texts, 0 already read, 2 calls, about " in err
    assert "price unknown" not in err


@pytest.mark.parametrize("words", [(), ("--max-judge-calls", "1"), ("--max-judge-cost", "0")])
def test_every_other_budget_needs_consent(words, tmp_path, capsys):
    assert read(tmp_path, *words) == 2
    assert "api.paid.example is not this machine" in capsys.readouterr().err
    assert read(tmp_path, *words, "--allow-remote") == 2
    assert "No key for judge 'paid'" in capsys.readouterr().err


@pytest.mark.parametrize("batch", [False, True])
def test_whatever_is_asked_of_a_preview_nothing_is_sent(elsewhere, tmp_path, batch):
    options = {"batch": batch, "cache": str(tmp_path / "kept.sqlite")}
    made = judge(elsewhere.base_url, Permission(phi="off", max_calls=0), **options)
    assert not made.remote
    assert made.preview([ReadReport(TEXT)]).calls == 1
    for work in (made.answer, made.announce):
        with pytest.raises(BudgetSpent, match="sends nothing"):
            work([ReadReport(TEXT)])
    with pytest.raises(S3EvalError, match=r"Nothing is sent to 0\.0\.0\.0"):
        made._client.models()
    # Not even where the budget were forgotten.
    made._client.budget.max_calls = None
    with pytest.raises(S3EvalError, match=r"Nothing is sent to 0\.0\.0\.0"):
        made.answer([ReadReport(TEXT)])
    made.close()
    assert elsewhere.asked == []


def test_a_transfer_of_an_endpoint_that_sends_nothing_refuses_every_method(elsewhere):
    silent = Endpoint(elsewhere.base_url, "m", sends=False)
    transfer = Transfer(silent, 5.0, 1, lambda key: {})
    for method in ("GET", "POST"):
        with pytest.raises(S3EvalError, match="Nothing is sent"):
            transfer.exchange(method, "/models", max_bytes=99)
    transfer.close()
    assert elsewhere.asked == []


def test_a_judge_that_sends_in_its_own_way_needs_consent_whatever_the_budget():
    with pytest.raises(S3EvalError, match="'careless' sends text off this machine"):
        load_judge("careless", {}, Permission(max_calls=0))


def test_readings_that_are_kept_are_read_without_consent_or_key(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("OWN_KEY", "sk-0123456789abcdef")
    cache = str(tmp_path / "kept.sqlite")
    options = {"cache": cache, "key_variable": "OWN_KEY"}
    made = judge(elsewhere.base_url, Permission(True, phi="off"), **options)
    (facts,) = made.read_reports([TEXT])
    made.close()
    monkeypatch.delenv("OWN_KEY")
    again = judge(elsewhere.base_url, Permission(phi="off", max_calls=0), **options)
    assert again.read_reports([TEXT]) == [facts]
    again.close()
    assert len(elsewhere.asked) == 1


@pytest.mark.parametrize("url", ["nonsense", "http:nonsense", "http://[nonsense", "ftp://host/v1"])
@pytest.mark.parametrize("permission", [Permission(), Permission(max_calls=0)])
def test_an_address_that_is_none_is_refused_when_the_judge_is_loaded(url, permission):
    with pytest.raises(S3EvalError, match="base_url") as caught:
        judge(url, permission)
    assert "ValueError" not in str(caught.value)
