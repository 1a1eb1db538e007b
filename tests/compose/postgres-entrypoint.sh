#!/bin/bash
# What the entry point of the official postgres image does, as its documentation says: a new cluster is made with the
# given words, the files of /docker-entrypoint-initdb.d are run while only the local socket listens, then the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  # shellcheck disable=SC2086
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  pg_ctl -o "${*:2} -c listen_addresses='' -c unix_socket_directories=/run/postgresql" -w start
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc -h /run/postgresql --username "$POSTGRES_USER" --dbname postgres -f "$file"
  done
  pg_ctl -m fast -w stop
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql
