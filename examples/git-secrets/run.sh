# `git secrets` as its users know it: patterns, hooks that refuse a commit, the history; and a log whose secrets are
# masked on their way.
. "$(dirname "$0")/../server.sh"
ln -s "$ROOT/bin/strongroom" "$WORK/bin/strongroom"
"$ROOT/bin/strongroom" install-names -force "$WORK/bin" git-secrets >/dev/null
export HOME="$WORK" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.test GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.test

# Made here from two pieces, so that this file holds no key.
KEY=AKIA$(printf 'QYLPMN5H%s' KX2RT3VW)
refused() { # COMMAND…
  if "$@" >"$WORK/out" 2>&1; then exit 1; fi
  cat "$WORK/out"
}

git init -q -b main "$WORK/shop"
cd "$WORK/shop"

say 'Without a pattern nothing is looked for, and that is said'
git secrets --scan 2>"$WORK/err"
grep -q 'git secrets --register-aws' "$WORK/err"

say 'Patterns for AWS keys and one of our own, and the hooks'
git secrets --register-aws
git secrets --add 'password[[:space:]]*=[[:space:]]*.+'
git secrets --add --allowed 'password = example'
git secrets --list
git secrets --install

say 'A key on its way in'
printf 'key = "%s"\n' "$KEY" >settings.py
git add settings.py
refused git commit -qm 'Settings'
grep -q 'settings.py:1:' "$WORK/out"

say 'Committed all the same, it is found in the history'
git commit -qnm 'Settings'
git rm -q settings.py
git commit -qm 'No settings'
git secrets --scan
refused git secrets --scan-history
grep -q ':settings.py:1:' "$WORK/out"

say 'A log with its secrets masked, the rest byte for byte'
(echo 'starting'; printf 'using %s now\r\n' "$KEY"; echo 'done') | strongroom redact >"$WORK/log"
cat "$WORK/log"
if grep -q "$KEY" "$WORK/log"; then exit 1; fi
same 'lines' 3 "$(wc -l <"$WORK/log" | tr -d ' ')"
