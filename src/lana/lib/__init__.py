"""Foundation: what every domain stands on and none of it knows a domain."""
