# A key got into a repository: found in the files, in the history and on its way in; what is known gets a reason and an
# end; a program's log is watched while it runs.
. "$(dirname "$0")/../server.sh"
ln -s "$ROOT/bin/strongroom" "$WORK/bin/strongroom"
"$ROOT/bin/strongroom" install-names "$WORK/bin" gitleaks >/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.test GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.test

# Made here from two pieces, so that this file holds no key.
KEY=AKIA$(printf 'QYLPMN5H%s' KX2RT3VW)
exits() { # CODE COMMAND…
  want=$1
  shift
  code=0
  "$@" >"$WORK/out" 2>"$WORK/err" || code=$?
  cat "$WORK/out" "$WORK/err"
  same "exit code of $*" "$want" "$code"
}

git init -q -b main "$WORK/shop"
cd "$WORK/shop"
printf 'aws_access_key_id = "%s"\n' "$KEY" >settings.py
git add settings.py
git commit -qm 'Settings'

say 'The files as they are: found, and shown without the secret'
exits 1 strongroom scan
grep -q 'settings.py:1' "$WORK/out"
if grep -q "$KEY" "$WORK/out"; then exit 1; fi

say 'Removed from the file, it is still in the history'
echo 'import os' >settings.py
git commit -qam 'Settings from the environment'
exits 0 strongroom scan
exits 1 strongroom scan git

say 'Reports for others: SARIF, GitLab, JUnit, JSON, CSV'
exits 1 strongroom scan git -r "$WORK/scan.sarif"
grep -q strongroomSecret "$WORK/scan.sarif"

say 'The key was revoked: say so, until a day, and the history is clean'
strongroom scan baseline create --history --reason 'revoked on the day it was found' --owner shop --expires 2099-12-31
cat .strongroom-scan.yaml
exits 0 strongroom scan git
git add .strongroom-scan.yaml
git commit -qm 'What the scanner knows'

say 'The next scan reads only what is new'
exits 0 strongroom scan git
exits 0 strongroom scan git
grep -q 'new since the last scan' "$WORK/err"

say 'Another key on its way in, in the same line of the same file'
printf 'aws_access_key_id = "AKIA%s"\n' 5ZNQ4WPLR7HTMXK2 >settings.py
git add settings.py
exits 1 strongroom scan staged

say 'A log while it is written'
(echo 'starting'; echo "using $KEY") | (exits 1 strongroom scan -)

say 'What a rule looks for, and what to do'
strongroom scan rules explain aws-access-token

say 'Scripts that call gitleaks go on working'
exits 1 gitleaks dir . --no-banner -r "$WORK/report.json"
grep -q '"RuleID": "aws-access-token"' "$WORK/report.json"
exits 126 gitleaks dir --no-such-flag
