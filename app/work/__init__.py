"""Who works: photographs are taken in, queued, coloured and rendered."""
