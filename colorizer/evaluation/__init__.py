"""How good are the colours? Metrics, the protocol they are measured by, and the report.

* :mod:`.metrics`, :mod:`.auc`, :mod:`.histograms`: one function per published number.
* :mod:`.protocol`: from a colour photograph to the truth, the grey input and the result.
* :mod:`.sources`: files, folders and tar shards, one photograph at a time.
* :mod:`.runner`, :mod:`.table`: the loop behind ``colorizer evaluate``, its table and JSON.

The metrics use scikit-image's conversion to Lab, not this library's own, so that a mistake in the
colour mathematics under test cannot hide itself.
"""
