# Hand a secret to somebody so that it can be taken out once: who comes second knows that it was taken.
. "$(dirname "$0")/../server.sh"
start_dev_server

vault kv put secret/app/db password=s3cret

say 'Wrap the answer of a read: what travels is a token for one use'
WRAPPED=$(vault read -wrap-ttl=5m -field=wrapping_token secret/data/app/db)

say 'The receiver takes it out'
vault unwrap -format=json "$WRAPPED" >"$WORK/taken"
grep -q s3cret "$WORK/taken"

say 'A second try finds nothing'
refused vault unwrap "$WRAPPED"
cat "$WORK/refused"
