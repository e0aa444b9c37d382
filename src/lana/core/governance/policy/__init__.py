"""Who must approve what: one policy for each kind of process."""
