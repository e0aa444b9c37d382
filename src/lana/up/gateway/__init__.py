"""From one route table: the configurations of Envoy and Oathkeeper, and the Keycloak realms."""
