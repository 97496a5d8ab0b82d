# An application under load while its database credentials change: 10,000 queries, 50 changes, none failed.
. "$(dirname "$0")/../server.sh"
start_dev_server

say 'A PostgreSQL of our own'
mkdir "$WORK/postgres"
chmod 755 "$WORK" "$WORK/postgres"
mkfifo "$WORK/keep-postgres"
node "$ROOT/tools/real-postgres.mjs" "$WORK/postgres" <"$WORK/keep-postgres" >"$WORK/postgres.json" &
POSTGRES_PID=$!
exec 9>"$WORK/keep-postgres"
trap 'exec 9>&-; kill "$POSTGRES_PID" 2>/dev/null; wait "$POSTGRES_PID" 2>/dev/null; stop_server; rm -rf "$WORK"' EXIT
wait_for test -s "$WORK/postgres.json"
DB_PORT=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).port' "$WORK/postgres.json")
export DB_PORT

say 'Strongroom may make users there'
vault secrets enable database
vault write database/config/postgres plugin_name=postgresql-database-plugin \
  connection_url="postgresql://{{username}}:{{password}}@127.0.0.1:$DB_PORT/postgres?sslmode=disable" \
  allowed_roles=app username=postgres password=postgres max_open_connections=8
vault write database/roles/app db_name=postgres default_ttl=1h max_ttl=24h \
  creation_statements="CREATE USER \"{{name}}\" WITH PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"

say 'The application gets a token that can read its credentials, and no more'
vault policy write app - <<'POLICY'
path "database/creds/app" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
POLICY
vault token create -policy=app -field=token >"$WORK/app-token"

say 'It queries, and its credentials change'
TOKEN_FILE=$WORK/app-token node "$ROOT/examples/app-rotation/app.mjs"

say 'No user is left'
wait_for node "$ROOT/examples/app-rotation/no-user-left.mjs"
