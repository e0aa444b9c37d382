"""Bitcoin that secures a loan."""
