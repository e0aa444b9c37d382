"""GraphQL types that both servers show alike."""
