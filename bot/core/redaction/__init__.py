"""What `redact` looks for, one kind a module, each with `find(folded)`.

`secrets` credentials (`called`: by the name they are given; `vendors`: by shape; `chance`: by looking random),
`personal` a person's numbers and addresses, `sensitive` what is said of a person (`english`, `chinese`: the words).
All read `folding.Folded`. They over-detect rather than miss; how much text goes with a span is for `redact` to say.
"""
