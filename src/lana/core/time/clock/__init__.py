"""The manual clock as an entity, so that an advance is a command like any other."""
