# A database user on request: it logs in with its own name, and is gone when its lease ends.
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
db=127.0.0.1:$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).port' "$WORK/postgres.json")
sql() { # USER PASSWORD STATEMENT
  node "$ROOT/examples/database-credentials/sql.mjs" "$db" "$@"
}
sql postgres postgres "CREATE ROLE \"vault-admin\" LOGIN SUPERUSER PASSWORD 'first'"
# A connection string without the name of a database means the one that is named as its user.
sql postgres postgres 'CREATE DATABASE "vault-admin" OWNER "vault-admin"'
export DATABASE=vault-admin
sql postgres postgres "CREATE TABLE colours AS SELECT 'blue' AS name"
sql postgres postgres "CREATE ROLE reporting LOGIN PASSWORD 'somebody knows it'"

say 'Strongroom may make users there; from now on nobody else knows the password of vault-admin'
vault secrets enable database
vault write database/config/postgres-prod plugin_name=postgresql-database-plugin connection_url="postgresql://{{username}}:{{password}}@$db/" allowed_roles=readonly,reporting username=vault-admin password=first
vault write -force database/rotate-root/postgres-prod
refused sql vault-admin first 'SELECT 1'

say 'A role says what its users may do, and how long'
vault write database/roles/readonly db_name=postgres-prod creation_statements="CREATE USER \"{{name}}\" WITH PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"{{name}}\";" default_ttl=1h max_ttl=24h

say 'Each read makes another user'
vault read database/creds/readonly
vault read -format=json database/creds/readonly >"$WORK/creds.json"
field() { node -p "JSON.parse(require('fs').readFileSync('$WORK/creds.json')).$1"; }
same 'what it reads' blue "$(sql "$(field data.username)" "$(field data.password)" 'SELECT name FROM colours')"
refused sql "$(field data.username)" "$(field data.password)" 'DROP TABLE colours'

say 'It lives longer when its lease is renewed, and is gone when that is revoked'
vault lease renew "$(field lease_id)"
vault lease revoke -sync "$(field lease_id)"
refused sql "$(field data.username)" "$(field data.password)" 'SELECT 1'

say 'A user that stays gets a new password every day, and whenever somebody asks'
vault write database/static-roles/reporting db_name=postgres-prod username=reporting rotation_period=24h
first=$(vault read -field=password database/static-creds/reporting)
same 'logs in' 1 "$(sql reporting "$first" 'SELECT 1')"
vault write -force database/rotate-role/reporting
refused sql reporting "$first" 'SELECT 1'
same 'logs in again' 1 "$(sql reporting "$(vault read -field=password database/static-creds/reporting)" 'SELECT 1')"

say 'What is left is ended together'
vault lease revoke -sync -prefix database/creds
same 'users left' 0 "$(sql postgres postgres "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'")"
