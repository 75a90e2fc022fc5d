"""What every model on the transformers library shares; an extra of the core.

Imported by adapters only, never by the core. A family file says what is peculiar to the family;
loading, chat templating, the shared prefix, generation, probabilities and batching live here
once:

- `model.TransformersModel`: the base of every adapter; `media.Media`: what a clip becomes.
- `options`: typed options. `loading`: from a checkpoint's name to a model, or one clear error.
- `prompting`: prompts split right after the clip. `prefix`: the part all questions share.
- `room`: its keys and values, with room behind them. `growing`: many continuations of it.
- `choices`: probabilities. `greedy`: the next token. `asking`: groups that fit.
- `quantization`: fewer bits. `parallel`: layers split over processes.
- `omni`: models that see and hear. `environment`: what the machine offers.
"""
