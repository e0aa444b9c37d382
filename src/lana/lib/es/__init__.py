"""Event store: entities, repositories, Ops and the committer that writes them together."""
