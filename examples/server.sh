# Sourced by the stories: a development server on a free port for the time of the script, `vault` as the
# name of the command, and a scratch folder $WORK. Gives VAULT_ADDR and VAULT_TOKEN.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d)
SERVER_PID=
stop_server() {
  if [ -n "$SERVER_PID" ]; then
    kill "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" 2>/dev/null || true
    SERVER_PID=
  fi
}
trap 'stop_server; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

mkdir "$WORK/bin"
"$ROOT/bin/strongroom" install-names "$WORK/bin" vault >/dev/null
PATH="$WORK/bin:$PATH"
# Programs that tests install lie in the user's own cache.
XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
HOME=$WORK
export PATH HOME XDG_CACHE_HOME
unset VAULT_TOKEN VAULT_NAMESPACE BAO_ADDR BAO_TOKEN 2>/dev/null || true

free_port() {
  node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

wait_for() { # COMMAND…: until it ends with 0 or 2 (sealed), at most 20 s
  tries=0
  while :; do
    code=0
    "$@" >/dev/null 2>&1 || code=$?
    if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then return 0; fi
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ]; then cat "$WORK/server.log" >&2; exit 1; fi
    sleep 0.1
  done
}

start_dev_server() {
  PORT=$(free_port)
  VAULT_ADDR=http://127.0.0.1:$PORT
  export VAULT_ADDR
  vault server -dev -dev-listen-address="127.0.0.1:$PORT" -dev-root-token-id=root \
    >"$WORK/server.log" 2>&1 &
  SERVER_PID=$!
  VAULT_TOKEN=root
  export VAULT_TOKEN
  wait_for vault status
}

say() { printf '\n# %s\n' "$*"; }
same() { # WHAT EXPECTED GOT
  if [ "$2" != "$3" ]; then
    printf '%s: expected "%s", got "%s"\n' "$1" "$2" "$3" >&2
    exit 1
  fi
}
refused() { # COMMAND…: must fail
  if "$@" >"$WORK/refused" 2>&1; then
    printf 'should have been refused: %s\n' "$*" >&2
    exit 1
  fi
}
