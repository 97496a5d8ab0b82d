# AWS keys on request: a user with a lease, an assumed role, and the server's own key replaced. AWS is moto,
# with its authorization switched on.
. "$(dirname "$0")/../server.sh"
start_dev_server

mkfifo "$WORK/moto.in"
node "$ROOT/tools/real-moto.mjs" <"$WORK/moto.in" >"$WORK/moto.json" 2>"$WORK/moto.log" &
exec 9>"$WORK/moto.in" # moto ends with this script, however that ends
tries=0
until [ -s "$WORK/moto.json" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 2400 ]; then cat "$WORK/moto.log" >&2; exit 1; fi
  sleep 0.1
done
json() { node -p "JSON.parse(require('fs').readFileSync('$WORK/moto.json', 'utf8')).$1"; }
ENDPOINT=$(json endpoint)

# Asks AWS something, signed with a key: as_user ACCESS_KEY SECRET_KEY CALL
as_user() {
  (cd "$ROOT" && AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true \
    AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 node -e "
    const { IAM } = require('@aws-sdk/client-iam')
    const iam = new IAM({ region: 'us-east-1', endpoint: '$ENDPOINT', maxAttempts: 1 })
    iam.$3.then(() => {}, (error) => { console.error(error.name); process.exit(1) })")
}

say 'The server signs its calls with a key of its own, and replaces it at once: nobody else knows the new one'
vault secrets enable aws
vault write aws/config/root access_key="$(json accessKey)" secret_key="$(json secretKey)" \
  region=us-east-1 iam_endpoint="$ENDPOINT" sts_endpoint="$ENDPOINT"
vault write -f aws/config/rotate-root
refused as_user "$(json accessKey)" "$(json secretKey)" 'listUsers({})'

say 'A role: who asks for it may list users, for half an hour'
vault write aws/config/lease lease=30m lease_max=24h
vault write aws/roles/lister credential_type=iam_user policy_document=- <<POLICY
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]}
POLICY

say 'An IAM user of its own for each lease'
vault read -format=json aws/creds/lister >"$WORK/creds.json"
of() { node -p "const c = JSON.parse(require('fs').readFileSync('$WORK/creds.json', 'utf8')); c.$1"; }
same 'life of the user' 1800 "$(of lease_duration)"
as_user "$(of data.access_key)" "$(of data.secret_key)" 'listUsers({})'
refused as_user "$(of data.access_key)" "$(of data.secret_key)" "createUser({ UserName: 'x' })"

say 'The lease is revoked: the key is refused'
vault lease revoke "$(of lease_id)"
tries=0
while as_user "$(of data.access_key)" "$(of data.secret_key)" 'listUsers({})' 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -le 50 ] || exit 1
  sleep 0.2
done

say 'A session of STS, which AWS ends by itself'
vault write aws/roles/session credential_type=session_token default_sts_ttl=15m
vault read aws/creds/session
exec 9>&-
