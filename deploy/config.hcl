# A production configuration with every value explained: strongroom server -config=/etc/strongroom/config.hcl
# Reload (SIGHUP) reads TLS files, log level and audit files again; the rest needs a restart, which seals.

# Embedded durable storage. The folder must be on a local disk, owned by the server's user, mode 0700. Back it up
# with a snapshot of the file system.
storage "lmdb" {
  path = "/var/lib/strongroom"
}

# Where clients connect. Several listeners may stand here, also `listener "unix"` with a path.
listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/etc/strongroom/tls/server.crt"
  tls_key_file  = "/etc/strongroom/tls/server.key"

  # Oldest version that is accepted: tls12 or tls13.
  tls_min_version = "tls12"

  # Behind a proxy that is trusted to tell the client's address:
  # x_forwarded_for_authorized_addrs = "10.0.0.0/24"
  # Callers that don't come through the proxy (the command line on this host) are refused then, unless:
  # x_forwarded_for_reject_not_present    = false
  # x_forwarded_for_reject_not_authorized = false

  # Limits of one request: body in bytes, time. A secret of the KV engine holds about 1 MB at most.
  max_request_size     = 33554432
  max_request_duration = "90s"
}

# The address that clients reach this server by, for links in answers.
api_addr = "https://vault.example.com:8200"

# Server processes on this host, sharing store and port. One serves thousands of requests a second; more than one
# for each core is of no use.
workers = 2

# How long leases and tokens live when nothing says otherwise, and at most.
default_lease_ttl = "768h"
max_lease_ttl     = "768h"

# error, warn, info, debug or trace; log_format is "standard" or "json"; to standard error.
log_level  = "info"
log_format = "json"
