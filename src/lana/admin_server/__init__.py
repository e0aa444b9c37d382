"""admin-server: the staff's GraphQL API, port 5253."""
