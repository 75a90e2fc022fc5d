"""The local web server: who may ask (`security`), what carries pages (`app`), and videos (`media`).

Sets of pages are lists of routes: `s3eval_view.viewer` is one, and another can be put into
`s3eval_view.server.app.make_app` in its place or beside it.
"""
