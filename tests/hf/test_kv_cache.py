"""A preallocated cache: the same keys and values as the library's, without its copying."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

LAYERS, HEADS, WIDTH = 2, 2, 4


def new_states(tokens: int, rows: int = 1) -> Any:
    """Keys and values of new tokens."""
    return torch.randn(2, rows, HEADS, tokens, WIDTH)


def library(tokens: int) -> Any:
    """The library's own cache, filled."""
    from transformers import DynamicCache

    cache = DynamicCache()
    for layer in range(LAYERS):
        cache.update(*new_states(tokens), layer)
    return cache


def both(tokens: int) -> tuple[Any, Any]:
    """The same cache twice: preallocated, and as the library keeps it."""
    from s3eval.hf.kv_cache import preallocate, snapshot

    plain = library(tokens)
    return preallocate(snapshot(plain)), plain


def grow(tokens: int, *caches: Any, rows: int = 1) -> None:
    """Add the same tokens to each, and compare what attention would get."""
    for layer in range(LAYERS):
        new = new_states(tokens, rows)
        states = [cache.update(*new, layer) for cache in caches]
        for keys, values in states[1:]:
            assert torch.equal(keys, states[0][0]) and torch.equal(values, states[0][1])


def storage(cache: Any) -> list[int]:
    return [layer.keys.data_ptr() for layer in cache.layers]


def test_it_is_the_librarys_cache_whatever_is_done_with_it() -> None:
    """Continuations, look-ahead, rows: a hundred random steps beside the library's layers."""
    from s3eval.hf.kv_cache import fork, snapshot

    dice = random.Random(0)
    torch.manual_seed(0)
    prefixes = both(30)
    for _ in range(20):
        pair = [fork(p) for p in prefixes]
        rows = dice.choice((1, 1, 3))
        for cache in pair:
            cache.batch_repeat_interleave(rows)
        for _ in range(5):
            grow(dice.choice((1, 2, 90)), *pair, rows=rows)
            grow(3, *[snapshot(c) for c in pair], rows=rows)
            if rows > 1 and dice.random() < 0.3:
                kept = torch.tensor(sorted(dice.sample(range(rows), 2)))
                rows = 2
                snapshots = [snapshot(c) for c in pair]
                for cache in (*pair, *snapshots):
                    cache.batch_select_indices(kept)
                grow(2, *snapshots, rows=rows)
            lengths = {(c.get_seq_length(), c.get_mask_sizes(1, 0)) for c in pair}
            assert len(lengths) == 1
        for preallocated, plain_layer in zip(prefixes[0].layers, prefixes[1].layers, strict=True):
            assert torch.equal(preallocated.keys, plain_layer.keys) and torch.equal(
                preallocated.values, plain_layer.values
            )


def test_questions_one_after_the_other_reuse_the_same_positions() -> None:
    from s3eval.hf.kv_cache import fork

    prefix, plain = both(500)
    places = []
    for _ in range(5):
        grown, other = fork(prefix), fork(plain)
        grow(20, grown, other)
        for _ in range(10):
            grow(1, grown, other)
        places.append(storage(grown))
        del grown
    assert all(p == places[0] == storage(prefix) for p in places)
    assert prefix.get_seq_length() == 500


def test_a_long_answer_moves_the_prefix_a_few_times_only() -> None:
    from s3eval.hf.kv_cache import fork

    prefix, _ = both(500)
    grown = fork(prefix)
    places = set()
    for _ in range(1000):
        grow(1, grown)
        places.add(grown.layers[0].keys.data_ptr())
        free = grown.layers[0]._buffer.keys.shape[-2] - 500
        assert free <= 2 * (grown.get_seq_length() - 500) + 64
    assert len(places) <= 6


def test_two_continuations_at_the_same_time_do_not_meet() -> None:
    """The second gets a buffer of its own, and the first one's is free once it is gone."""
    from s3eval.hf.kv_cache import fork

    prefix, plain = both(10)
    first, second = fork(prefix), fork(prefix)
    plain_forks = [fork(plain), fork(plain)]
    for tokens in (3, 1, 70, 1):
        grow(tokens, first, plain_forks[0])
        grow(tokens, second, plain_forks[1])
    assert storage(first) == storage(prefix) != storage(second)
    del first
    third = fork(prefix)
    grow(1, third)
    assert storage(third) == storage(prefix)
    grow(1, second, plain_forks[1])


def test_memory_running_out_while_moving_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from s3eval.hf import kv_cache

    prefix, plain = both(10)
    grown, other = kv_cache.fork(prefix), kv_cache.fork(plain)
    grow(5, grown, other)
    calls, kept = [], kv_cache._longer

    def cramped(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return kept(*args)

    monkeypatch.setattr(kv_cache, "_longer", cramped)
    with pytest.raises(torch.OutOfMemoryError):
        grown.update(*new_states(500), 0)
    grow(500, grown, other)
    grow(1, grown, other)


def test_what_the_library_keeps_otherwise_is_left_to_it() -> None:
    """A sliding window forgets: its layers stay as they are, and can be continued all the same."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    from s3eval.hf.kv_cache import PreallocatedLayer, fork, preallocate
    from s3eval.hf.prefix import Prefix

    cache = DynamicCache()
    cache.layers = [DynamicLayer(), DynamicSlidingWindowLayer(sliding_window=8)]
    for layer in range(LAYERS):
        cache.update(*new_states(20), layer)
    kept = preallocate(cache)
    kinds = [type(layer) for layer in kept.layers]
    assert kinds == [PreallocatedLayer, DynamicSlidingWindowLayer]
    assert Prefix((0,) * 20, kept, 20, 19, 1).ways == ("forked",)
    before = [layer.keys.clone() for layer in kept.layers]
    grow(2, fork(kept), fork(kept))
    assert all(torch.equal(a, b.keys) for a, b in zip(before, kept.layers, strict=True))


def test_a_prefix_knows_its_size_preallocated_or_not() -> None:
    from s3eval.hf.kv_cache import fork
    from s3eval.hf.prefix import Prefix

    preallocated, plain = both(10)
    sizes = [Prefix((0,) * 10, c, 10, 9, 1).bytes_per_token for c in (preallocated, plain)]
    assert sizes[0] == sizes[1] == LAYERS * 2 * HEADS * WIDTH * 4
    grow(5, fork(preallocated))
    assert Prefix((0,) * 10, preallocated, 10, 9, 1).bytes_per_token == sizes[0]


def test_a_recurrent_state_is_copied_and_never_packed() -> None:
    """Linear attention updates its state in place: a fork must have one of its own."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, LinearAttentionLayer

    from s3eval.hf.kv_cache import fork, preallocate, snapshot, ways

    cache = DynamicCache()
    cache.layers = [LinearAttentionLayer(), DynamicLayer()]

    def advance(one: Any, value: float) -> None:
        one.update_conv_state(torch.full((1, 4, 3), value), 0)
        one.update_recurrent_state(torch.full((1, 2, 4, 4), value), 0)
        one.update(*new_states(2), 1)

    advance(cache, 1.0)
    prefix = preallocate(cache)
    assert ways(prefix) == ("forked",)
    for copied in (fork(prefix), snapshot(prefix)):
        advance(copied, 2.0)
        assert float(copied.layers[0].recurrent_states[0].max()) == 2.0
        assert float(prefix.layers[0].recurrent_states[0].max()) == 1.0
        assert float(prefix.layers[0].conv_states[0].max()) == 1.0
    assert prefix.get_seq_length() == 2


def test_a_kind_of_layer_nobody_has_listed_is_copied_whole() -> None:
    """Also one that inherits from a listed kind and keeps more than it."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    from s3eval.hf.kv_cache import fork, preallocate, ways

    class Compressed(DynamicLayer):
        def update(self, keys: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.is_initialized:
                self.keys, self.values = keys.clone(), values.clone()
                self.is_initialized = True
            self.keys += 1
            return self.keys, self.values

    cache = DynamicCache()
    cache.layers = [Compressed()]
    cache.update(*new_states(3), 0)
    prefix = preallocate(cache)
    assert type(prefix.layers[0]) is Compressed and ways(prefix) == ("forked",)
    before = prefix.layers[0].keys.clone()
    fork(prefix).update(*new_states(1), 0)
    assert torch.equal(prefix.layers[0].keys, before)
