# A root, an intermediate in a mount of its own, certificates by a role, and the end of one: revoked by its lease
# and by its number, seen on the list of revoked certificates and by OCSP. OpenSSL checks each step.
. "$(dirname "$0")/../server.sh"
start_dev_server
PKI=$VAULT_ADDR/v1/pki_int

say 'A root that only signs intermediates'
vault secrets enable -max-lease-ttl=87600h pki
vault write -field=certificate pki/root/generate/internal \
  common_name="Example Root" key_type=ec ttl=87600h exclude_cn_from_sans=true >"$WORK/root.pem"

say 'An intermediate in a mount of its own; its key never leaves the server'
vault secrets enable -path=pki_int -max-lease-ttl=43800h pki
vault write pki_int/config/urls issuing_certificates="$PKI/ca" \
  crl_distribution_points="$PKI/crl" ocsp_servers="$PKI/ocsp"
vault pki issue -issuer_name=first pki/issuer/default pki_int \
  common_name="Example Intermediate" key_type=ec ttl=43800h exclude_cn_from_sans=true >/dev/null
vault pki verify-sign pki/issuer/default pki_int/issuer/first
vault read -field=certificate pki_int/issuer/first >"$WORK/between.pem"

say 'A role: what may be issued, by whom, and for how long'
vault write pki_int/roles/web allowed_domains=example.com allow_subdomains=true \
  key_type=ec max_ttl=72h >/dev/null
refused vault write pki_int/issue/web common_name=example.org
cat "$WORK/refused"

say 'A certificate with its key'
vault write -format=json pki_int/issue/web common_name=a.example.com ttl=24h >"$WORK/issued.json"
field() { # FILE NAME
  node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1])).data[process.argv[2]])' "$1" "$2"
}
field "$WORK/issued.json" certificate >"$WORK/leaf.pem"
SERIAL=$(field "$WORK/issued.json" serial_number)
openssl verify -CAfile "$WORK/root.pem" -untrusted "$WORK/between.pem" "$WORK/leaf.pem"

say 'A signing request: the key stays where it was made'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/own.key" \
  -subj /CN=b.example.com -out "$WORK/own.csr" 2>/dev/null
vault write -field=certificate pki_int/sign/web csr=@"$WORK/own.csr" >"$WORK/own.pem"
openssl verify -CAfile "$WORK/root.pem" -untrusted "$WORK/between.pem" "$WORK/own.pem"

ocsp() { # CERTIFICATE: good, revoked or unknown
  openssl ocsp -issuer "$WORK/between.pem" -cert "$1" -url "$PKI/ocsp" \
    -CAfile "$WORK/root.pem" -verify_other "$WORK/between.pem" -no_nonce 2>/dev/null |
    sed -n "s|^$1: ||p"
}
say 'OCSP says that it is good'
same 'before it is revoked' good "$(ocsp "$WORK/leaf.pem")"

say 'Revoke it: the list and OCSP know at once'
vault write pki_int/revoke serial_number="$SERIAL"
same 'after it is revoked' revoked "$(ocsp "$WORK/leaf.pem")"
same 'another one' good "$(ocsp "$WORK/own.pem")"
curl -sf "$PKI/crl/pem" >"$WORK/crl.pem"
openssl crl -in "$WORK/crl.pem" -noout -text | tr 'A-Z' 'a-z' | grep -q "$(echo "$SERIAL" | tr -d :)"
check() { # CERTIFICATE: against its chain and the list
  openssl verify -crl_check -CAfile "$WORK/root.pem" -untrusted "$WORK/between.pem" \
    -CRLfile "$WORK/crl.pem" "$1"
}
refused check "$WORK/leaf.pem"
grep 'certificate revoked' "$WORK/refused"
check "$WORK/own.pem"

say 'With a lease, the end of the lease is the end of the certificate'
vault write pki_int/roles/leased allowed_domains=example.com allow_subdomains=true \
  key_type=ec max_ttl=72h generate_lease=true >/dev/null
vault write -format=json pki_int/issue/leased common_name=c.example.com >"$WORK/leased.json"
field "$WORK/leased.json" certificate >"$WORK/leased.pem"
LEASE=$(node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1])).lease_id)' "$WORK/leased.json")
vault lease revoke -sync "$LEASE"
same 'after its lease' revoked "$(ocsp "$WORK/leased.pem")"

say 'What may go wrong with the mount'
vault pki health-check -return-indicator=critical pki_int || test $? -eq 4
