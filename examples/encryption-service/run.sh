# Encryption as a service: an application encrypts, rotates, signs and imports keys, and never holds one.
. "$(dirname "$0")/../server.sh"
start_dev_server

say 'An engine and a key; the key stays in the server'
vault secrets enable transit
vault write -f transit/keys/app

say 'Encrypt and decrypt'
vault write transit/encrypt/app plaintext=$(echo secret | base64)
ciphertext=$(vault write -field=ciphertext transit/encrypt/app plaintext=$(echo secret | base64))
case $ciphertext in vault:v1:*) ;; *) echo "no ciphertext: $ciphertext" >&2; exit 1 ;; esac
plaintext=$(vault write -field=plaintext transit/decrypt/app ciphertext="$ciphertext" | base64 -d)
same plaintext secret "$plaintext"

say 'Rotate: new ciphertexts by the new version, old ones stay readable until they are rewrapped'
vault write -f transit/keys/app/rotate
rewrapped=$(vault write -field=ciphertext transit/rewrap/app ciphertext="$ciphertext")
case $rewrapped in vault:v2:*) ;; *) echo "not rewrapped: $rewrapped" >&2; exit 1 ;; esac
vault write transit/keys/app/config min_decryption_version=2
refused vault write transit/decrypt/app ciphertext="$ciphertext"
same rewrapped secret "$(vault write -field=plaintext transit/decrypt/app ciphertext="$rewrapped" | base64 -d)"

say 'Who may only encrypt can not decrypt'
vault policy write writer - <<'POLICY'
path "transit/encrypt/app" { capabilities = ["update"] }
POLICY
writer=$(vault token create -policy=writer -field=token)
VAULT_TOKEN=$writer vault write transit/encrypt/app plaintext=$(echo secret | base64)
refused env VAULT_TOKEN="$writer" vault write transit/decrypt/app ciphertext="$rewrapped"

say 'Sign and verify'
vault write transit/keys/release type=ed25519
signature=$(vault write -field=signature transit/sign/release input=$(echo artifact | base64))
same valid true "$(vault write -field=valid transit/verify/release input=$(echo artifact | base64) signature="$signature")"
same forged false "$(vault write -field=valid transit/verify/release input=$(echo other | base64) signature="$signature")"

say 'A data key for files too large to send, and equal ciphertexts for equal values where they are looked up'
vault write -f transit/datakey/plaintext/app
vault write transit/keys/lookup derived=true convergent_encryption=true
one=$(vault write -field=ciphertext transit/encrypt/lookup context=$(echo users | base64) plaintext=$(echo a@b | base64))
two=$(vault write -field=ciphertext transit/encrypt/lookup context=$(echo users | base64) plaintext=$(echo a@b | base64))
same convergent "$one" "$two"

say 'Bring a key that was made elsewhere: it is wrapped before it leaves this machine'
head -c 32 /dev/urandom | base64 | vault transit import transit/keys/imported - type=aes256-gcm96 allow_rotation=true
head -c 32 /dev/urandom | base64 | vault transit import-version transit/keys/imported -
same versions 2 "$(vault read -field=latest_version transit/keys/imported)"
