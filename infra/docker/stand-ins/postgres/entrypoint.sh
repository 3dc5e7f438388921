# What the official image does at its first start, as far as docker-compose.yml and the Kubernetes trial rely on it.
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
  chmod 700 "$PGDATA"
  printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username=postgres --pwfile=/tmp/password --auth-local=trust --auth-host=trust
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
  pg_ctl start --wait --options="-c listen_addresses=''"
  [ "${POSTGRES_DB:-postgres}" = postgres ] || createdb --username=postgres "$POSTGRES_DB"
  pg_ctl stop --wait --mode=fast
fi
exec "$@"
