"""The reader study: the questions of a run put to a human, and reports rated by experts.

`session` is a reader's session, `rating` a rater's; `shown` decodes what they look at. Neither
holds or sends any annotation, nor which models there are; pages are in `reader_pages` and
`rating_pages`.
"""
