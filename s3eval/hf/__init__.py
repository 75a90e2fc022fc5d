"""What every model on the transformers library shares; an extra of the core.

Imported by adapters only, never by the core. An adapter holds what is peculiar to a family;
loading, chat templating, the shared prefix, generation, probabilities and batching are here
once:

- `model.TransformersModel`: the base of every adapter; `media.Media`: what a clip becomes.
- `options`: typed options. `loading`: from a checkpoint's name to a model, or one clear error.
- `prompting`: prompts split right after the clip. `prefix`: the part all questions share.
- `kv_cache`: a preallocated key-value cache. `decoding`: batched and packed decoding behind it.
- `choices`: probabilities. `greedy`: the next token. `generation`: answers, in groups that fit.
- `quantization`: fewer bits. `parallel`: layers split over processes.
- `omni`: models that see and hear. `environment`, `memory`: what the machine has.
"""
