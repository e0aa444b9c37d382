"""customer-server: a customer's own data as GraphQL, port 5254."""
