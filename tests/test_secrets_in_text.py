"""Keys and passwords in text that others wrote, and among options, are masked; prose stays."""

from __future__ import annotations

import time

import pytest

from s3eval.secrets_in_text import without_keys, without_secrets

SECRETS = {
    "Authorization: Bearer hiddenhidden": "Authorization: Bearer a key",
    "{'Authorization': 'Basic hiddenhidden='}": "{'Authorization': 'Basic a key'}",
    "(b'Authorization', b'Bearer hiddenhidden')": "(b'Authorization', b'Bearer a key')",
    "Authorization: Token hidden1234567 is wrong": "Authorization: Token a key is wrong",
    "authorization=hidden123456": "authorization=a key",
    "Bearer hidden12345 is wrong": "Bearer a key is wrong",
    "Bearer hiddenhidden= is wrong": "Bearer a key is wrong",
    "Basic dXNlcjpwYXNzMQ== is wrong": "Basic a key is wrong",
    "basic bWU6aGlkZGVu1234": "basic a key",
    "api key: hidden123456": "api key: a key",
    "Incorrect API key provided: hidden123456.": "Incorrect API key provided: a key",
    "X-Api-Key: hidden123456": "X-Api-Key: a key",
    "OPENAI_API_KEY=hiddenhidden": "OPENAI_API_KEY=a key",
    "GET /x?api_key=hiddenhidden&n=1": "GET /x?api_key=a key&n=1",
    "access_token: hidden123456": "access_token: a key",
    "auth token: hidden123456": "auth token: a key",
    "client_secret=hiddenhidden": "client_secret=a key",
    "password=hiddenhidden": "password=a key",
    "{'password': 'hiddenhidden'}": "{'password': 'a key'}",
    "password: hidden12": "password: a key",
    "password: H!dden": "password: a key",
    "GET /x?token=hidden123456 failed": "GET /x?token=a key failed",
    "GET /x?n=1&key=hidden123456": "GET /x?n=1&key=a key",
    "token=hidden123456": "token=a key",
    "{'token': 'hidden123456'}": "{'token': 'a key'}",
    "https://hidden@host/x": "https://a key@host/x",
    "https://me:hidden@host/x": "https://a key@host/x",
    "https://me:hid@den@host/x": "https://a key@host/x",
    "https://:hidden@host:80": "https://a key@host:80",
    f"sk-{'hidden' * 8}7": "a key",
    f"sk-proj-{'hidden' * 3}7 is wrong": "a key is wrong",
    f"gsk_{'hidden' * 4}7": "a key",
}


@pytest.mark.parametrize(("text", "kept"), SECRETS.items())
def test_secrets_are_masked_in_the_forms_that_services_write(text, kept):
    assert without_keys(text) == kept
    assert without_keys(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "only basic movements described",
        "basic information is missing",
        "basic 3-second windows, basic 1280x720 video, basic 10-20-system",
        "the bearer certificate expired",
        "password: required field",
        "Password: Required.",
        "password: non-empty string",
        "password: missing, api_key: required",
        "authorization: required for this model",
        "Authorization: missing",
        "API key: https://host/account",
        "API key: OPENAI_API_KEY is not set",
        "the API key is missing",
        "16 tokens",
        "token limit: 4096",
        "max_tokens=4096, tokens: 163840000",
        "prompt has 4096 tokens: the limit is 2048tokens",
        "eos_token=151645000",
        "pad_token='<|extra_id_0|>'",
        "unexpected token: timestamp1",
        "token: 4096-tokens",
        "token: expected a number",
        "the secret: none of it",
        "--model 'NAME?key=value' or 'bright?key=value&threshold=0.25'",
        "sk-learn is missing",
        "sk-and-other-words-of-a-compound",
        "hf_checkpoint_loading_failed",
        "git+ssh://git@host/x and http://host:80/a@b",
        "mail me@host",
    ],
)
def test_ordinary_sentences_stay_whole(text):
    assert without_keys(text) == text


@pytest.mark.parametrize(
    "part", ["sk-", "a.", "1", "://", "token=", "password: ", "Bearer ", "a-a"]
)
def test_no_text_takes_long(part):
    begun = time.process_time()
    without_keys(part * (20_000 // len(part)))
    assert time.process_time() - begun < 2


def test_options_are_masked_at_any_depth():
    options = {
        "base_url": "http://me:hidden@host/v1",
        "extra_body": {"api_key": "hidden", "top_k": 1, "more": [{"headers": {"X-Api-Key": "h"}}]},
        "headers": ["Authorization: Bearer hiddenhidden"],
        "credentials": {"user": "hidden"},
        "token": None,
        "use_auth_token": True,
        "max_tokens": 4096,
        "checkpoint": "/home/me/weights",
    }
    assert without_secrets(options) == {
        "base_url": "http://***@host/v1",
        "extra_body": {"api_key": "***", "top_k": 1, "more": [{"headers": {"X-Api-Key": "***"}}]},
        "headers": ["Authorization: Bearer ***"],
        "credentials": "***",
        "token": None,
        "use_auth_token": True,
        "max_tokens": 4096,
        "checkpoint": "/home/me/weights",
    }
    assert without_secrets(without_secrets(options)) == without_secrets(options)
