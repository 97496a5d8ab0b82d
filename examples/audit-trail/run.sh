# Every request leaves its line: who, which path, when, from where. And the log proves that it is whole.
. "$(dirname "$0")/../server.sh"
start_dev_server

LOG=$WORK/audit.log
say 'Switch the log on'
vault audit enable file file_path="$LOG"
vault audit list

say 'Somebody reads a secret'
vault kv put secret/app/db password=s3cret
READER=$(vault token create -policy=root -display-name=alice -field=token)
VAULT_TOKEN=$READER vault kv get secret/app/db

say 'Who read it, when, and from where'
node -e '
  const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(JSON.parse)
  const reads = lines.filter((l) => l.type === "response" && l.request.path === "secret/data/app/db" && l.request.operation === "read")
  for (const l of reads) console.log(l.time, l.auth.display_name, l.request.path, l.request.remote_address)
  if (!reads.some((l) => l.auth.display_name === "token-alice")) process.exit(1)
' "$LOG"

say 'No secret is in it'
if grep -q s3cret "$LOG"; then exit 1; fi

say 'The log is whole'
vault audit verify -heads "$LOG"

say 'A line that was changed is named'
sed 's/token-alice/token-mallory/' "$LOG" >"$WORK/changed.log"
refused vault audit verify "$WORK/changed.log"
cat "$WORK/refused"
