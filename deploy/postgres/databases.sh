#!/bin/bash
# Runs once, when the data directory is new: a role and a database each for the bank and for Keycloak.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" -v lana="$LANA_DB_PASSWORD" -v keycloak="$KEYCLOAK_DB_PASSWORD" <<'SQL'
CREATE ROLE lana LOGIN PASSWORD :'lana';
CREATE DATABASE lana OWNER lana TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
CREATE ROLE keycloak LOGIN PASSWORD :'keycloak';
CREATE DATABASE keycloak OWNER keycloak;
SQL
