"""How good are the colours? Metrics, the protocol they are measured by, and the report.

* :mod:`.metrics`, :mod:`.auc`, :mod:`.histograms`, :mod:`.sepia`, :mod:`.perceptual`: one function
  per number.
* :mod:`.protocol`: from a colour photograph to the truth, the grey input and the result.
* :mod:`.sources`: files, folders and tar shards, one photograph at a time.
* :mod:`.runner`: the loop behind ``colorizer evaluate``; :mod:`.scores` keeps its numbers,
  :mod:`.bootstrap` and :mod:`.comparison` say how sure they are.
* :mod:`.report`, :mod:`.table`, :mod:`.page`: the outcome as JSON, as text, and as a page with
  :mod:`.plots` and the pictures of :mod:`.gallery`.

The metrics use scikit-image's conversion to Lab, not this library's own, so that a mistake in the
colour mathematics under test cannot hide itself.
"""
