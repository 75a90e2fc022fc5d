"""The report: what is shown (tables, figures, words) and the files it is written to.

`evidence` gathers; `scores`, `confusion`, `timing`, `quality`, `beside`, `calibration`,
`two_stages` and `made` turn it into tables; `figures` draws; `writing` renders the page.
"""
