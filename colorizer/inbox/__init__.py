"""A folder that is watched: what is put in is coloured once it is whole, and only once."""
