"""Pure functions on arrays: colour spaces, the 313 bins, casts, enlargement. No files, no networks.

Every public function takes numpy arrays or torch tensors and returns the same kind.
"""
