"""Whole collections, on all processes of a Ray cluster, from folders or addresses (``s3://…``)."""
