# Store a secret, read one field of it, change it, and take the change back.
. "$(dirname "$0")/../server.sh"
start_dev_server

say 'Store two values under one path'
vault kv put secret/app/db password="s3cret" username="myapp"
same password s3cret "$(vault kv get -field=password secret/app/db)"

say 'A new version keeps the old one'
vault kv put secret/app/db password="n3w" username="myapp"
same 'first version' s3cret "$(vault kv get -version=1 -field=password secret/app/db)"
same 'current version' n3w "$(vault kv get -field=password secret/app/db)"

say 'Only if nobody else changed it meanwhile'
refused vault kv put -cas=1 secret/app/db password=lost
vault kv put -cas=2 secret/app/db password=checked

say 'Take it back, delete it, bring it back'
vault kv rollback -version=1 secret/app/db
same 'rolled back' s3cret "$(vault kv get -field=password secret/app/db)"
vault kv delete secret/app/db
refused vault kv get -field=password secret/app/db
vault kv undelete -versions=4 secret/app/db
same undeleted s3cret "$(vault kv get -field=password secret/app/db)"

say 'What is there'
vault kv list secret/app
vault kv metadata get secret/app/db
