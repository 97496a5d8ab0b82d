# A team with a namespace of its own: mounts, policies and tokens in it are its own, nothing crosses.
. "$(dirname "$0")/../server.sh"
start_dev_server

vault namespace create payments
vault namespace list

say 'Its own mount and policy'
vault secrets enable -namespace=payments -path=secret kv-v2
vault kv put -namespace=payments secret/card key=p4y
printf 'path "secret/data/*" {\n  capabilities = ["create", "update", "read"]\n}\n' |
  vault policy write -namespace=payments clerk -

say 'A token of the namespace acts there and nowhere else'
CLERK=$(vault token create -namespace=payments -policy=clerk -field=token)
same 'read in payments' p4y \
  "$(VAULT_TOKEN=$CLERK vault kv get -namespace=payments -field=key secret/card)"
VAULT_TOKEN=$CLERK refused vault kv get secret/card

say 'Deleting it takes everything along'
vault secrets list -namespace=payments
vault namespace delete payments
refused vault kv get -namespace=payments secret/card
