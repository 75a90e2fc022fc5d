"""BERTScore with a tiny invented encoder, and its state without one."""

from __future__ import annotations

import pytest

from s3eval.metrics import bertscore
from s3eval.metrics.bertscore import EncoderNotAvailableError, bert_scores, encoder_state


def test_without_weights_it_says_so_and_never_scores() -> None:
    state = encoder_state("nobody/nothing")
    assert state.startswith("encoder not available")
    with pytest.raises(EncoderNotAvailableError, match="encoder not available"):
        bert_scores(["an arm jerks"], ["an arm jerks"], encoder="nobody/nothing")


def test_pairs_without_text_have_no_score_and_need_no_encoder() -> None:
    found = bert_scores(["", "fail", "text"], ["text", "text", " "], encoder="nobody/nothing")
    assert found.values == (None, None, None) and found.mean is None


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch = pytest.importorskip("torch")
    pytest.importorskip("bert_score")
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = ["the", "arm", "jerks", "head", "turns", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=10,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.torch
def test_it_is_greedy_cosine_matching_over_all_tokens_of_layer_nine(encoder: str) -> None:
    import torch

    assert encoder_state(encoder) == "available"
    found = bert_scores(["the arm jerks", "", "head"], ["the head turns", "x", "head"], encoder)
    assert found.encoder == encoder and found.layer == 9
    assert found.values[1] is None
    assert found.values[2] == pytest.approx(1, abs=1e-5)
    model, tokenizer, _ = bertscore._loaded(encoder, 9, None)

    def embedded(text: str) -> torch.Tensor:
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        return states / states.norm(dim=-1, keepdim=True)

    likeness = embedded("the arm jerks") @ embedded("the head turns").T
    p, r = float(likeness.max(1).values.mean()), float(likeness.max(0).values.mean())
    assert found.values[0] == pytest.approx(2 * p * r / (p + r), abs=1e-5)
    assert found.mean == pytest.approx((found.values[0] + found.values[2]) / 2)


@pytest.mark.torch
def test_a_layer_the_encoder_lacks_is_no_score(encoder: str) -> None:
    with pytest.raises(EncoderNotAvailableError, match="no hidden layer 11"):
        bert_scores(["arm"], ["arm"], encoder, layer=11)
