# A policy on paths, a token that has it, and what that token may and may not do.
. "$(dirname "$0")/../server.sh"
start_dev_server

cat >"$WORK/app.hcl" <<'POLICY'
path "secret/data/app/*" {
  capabilities = ["read"]
}
path "secret/data/app/admin" {
  capabilities = ["deny"]
}
POLICY

say 'Write the policy'
vault policy fmt "$WORK/app.hcl"
vault policy write app "$WORK/app.hcl"
vault kv put secret/app/db password=s3cret
vault kv put secret/app/admin password=keep-out

say 'A token for the application: an hour, renewable'
APP=$(vault token create -policy=app -ttl=1h -field=token)

say 'It reads what the policy says, and nothing else'
same 'allowed read' s3cret "$(VAULT_TOKEN=$APP vault kv get -field=password secret/app/db)"
VAULT_TOKEN=$APP refused vault kv get secret/app/admin
VAULT_TOKEN=$APP refused vault kv put secret/app/db password=changed
same capabilities read "$(vault token capabilities "$APP" secret/data/app/db)"
same capabilities deny "$(vault token capabilities "$APP" secret/data/app/admin)"

say 'A revoked token is refused at once'
vault token revoke "$APP"
VAULT_TOKEN=$APP refused vault kv get secret/app/db

say 'A policy that does not parse says where'
printf 'path "a" {\n  capabilities = ["raed"]\n}\n' >"$WORK/bad.hcl"
refused vault policy write bad "$WORK/bad.hcl"
grep -q '2:' "$WORK/refused"
