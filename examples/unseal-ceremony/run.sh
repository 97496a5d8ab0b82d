# A production server from nothing: five shares, three of which unseal it; restart; new shares.
. "$(dirname "$0")/../server.sh"

PORT=$(free_port)
VAULT_ADDR=http://127.0.0.1:$PORT
export VAULT_ADDR
cat >"$WORK/config.hcl" <<CONFIG
storage "lmdb" {
  path = "$WORK/data"
}
listener "tcp" {
  address     = "127.0.0.1:$PORT"
  tls_disable = true
}
CONFIG
start_server() {
  vault server -config="$WORK/config.hcl" >>"$WORK/server.log" 2>&1 &
  SERVER_PID=$!
  wait_for vault status
}

say 'It starts sealed and says so'
start_server
code=0
vault status || code=$?
same 'exit code of status while sealed' 2 "$code"

say 'Initialise: the shares are shown once'
vault operator init -key-shares=5 -key-threshold=3 >"$WORK/init"
share() { sed -n "s/^Unseal Key $1: //p" "$WORK/$2"; }
VAULT_TOKEN=$(sed -n 's/^Initial Root Token: //p' "$WORK/init")
export VAULT_TOKEN

say 'Three of the five'
for n in 1 4 2; do vault operator unseal "$(share $n init)" >/dev/null; done
vault status
vault secrets enable -path=secret kv-v2
vault kv put secret/app/db password=s3cret

say 'After a restart it is sealed again, and nothing is lost'
stop_server
start_server
refused vault kv get secret/app/db
for n in 5 3 1; do vault operator unseal "$(share $n init)" >/dev/null; done
same 'after the restart' s3cret "$(vault kv get -field=password secret/app/db)"

say 'New shares: two of three from now on'
NONCE=$(vault operator rekey -init -key-shares=3 -key-threshold=2 -format=json |
  node -e 'process.stdin.on("data",(d)=>console.log(JSON.parse(d).nonce))')
for n in 1 2; do vault operator rekey -nonce="$NONCE" "$(share $n init)" >/dev/null; done
vault operator rekey -nonce="$NONCE" "$(share 3 init)" >"$WORK/rekeyed"
newshare() { sed -n "s/^Key $1: //p" "$WORK/rekeyed"; }
vault operator seal
for n in 1 3; do vault operator unseal "$(newshare $n)" >/dev/null; done
same 'with the new shares' s3cret "$(vault kv get -field=password secret/app/db)"
