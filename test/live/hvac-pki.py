# The Python client hvac, unmodified, on the PKI engine: one line "ok NAME" for each step.
# Address and token come in VAULT_ADDR and VAULT_TOKEN.
import os

import hvac
from hvac import exceptions

client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"], timeout=20)
pki = client.secrets.pki
ROOT = "py-root"
MOUNT = "py-int"


def mounts():
    for path in (ROOT, MOUNT):
        client.sys.enable_secrets_engine("pki", path=path, config={"max_lease_ttl": "87600h"})
    pki.set_urls({"crl_distribution_points": "http://a.com/crl"}, mount_point=MOUNT)
    urls = pki.read_urls(mount_point=MOUNT)["data"]
    assert urls["crl_distribution_points"] == ["http://a.com/crl"]


def hierarchy():
    params = {"key_type": "ec", "ttl": "50000h"}
    root = pki.generate_root("internal", "Root", params, mount_point=ROOT)["data"]
    assert root["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    made = pki.generate_intermediate("internal", "Between", {"key_type": "ec"}, mount_point=MOUNT)
    signed = pki.sign_intermediate(
        made["data"]["csr"], "Between", {"ttl": "9000h"}, mount_point=ROOT
    )["data"]
    chain = signed["certificate"] + "\n" + root["certificate"]
    pki.set_signed_intermediate(chain, mount_point=MOUNT)
    assert pki.read_ca_certificate(mount_point=MOUNT).strip() == signed["certificate"]
    assert pki.read_ca_certificate_chain(mount_point=MOUNT).count("BEGIN") == 2
    assert len(pki.list_issuers(mount_point=MOUNT)["data"]["keys"]) == 2


def roles():
    params = {"allowed_domains": "example.com", "allow_subdomains": True, "key_type": "ec"}
    pki.create_or_update_role("web", params, mount_point=MOUNT)
    assert pki.read_role("web", mount_point=MOUNT)["data"]["allowed_domains"] == ["example.com"]
    assert pki.list_roles(mount_point=MOUNT)["data"]["keys"] == ["web"]


def certificates():
    made = pki.generate_certificate("web", "a.example.com", {"ttl": "1h"}, mount_point=MOUNT)
    serial = made["data"]["serial_number"]
    assert serial in pki.list_certificates(mount_point=MOUNT)["data"]["keys"]
    assert pki.read_certificate(serial, mount_point=MOUNT)["data"]["revocation_time"] == 0
    try:
        pki.generate_certificate("web", "a.example.org", mount_point=MOUNT)
        raise AssertionError("another domain was allowed")
    except exceptions.InvalidRequest as error:
        assert "common name a.example.org not allowed by this role" in str(error)
    pki.revoke_certificate(serial, mount_point=MOUNT)
    assert pki.read_certificate(serial, mount_point=MOUNT)["data"]["revocation_time"] > 0


def lists():
    assert pki.read_crl(mount_point=MOUNT).startswith("-----BEGIN X509 CRL-----")
    assert pki.rotate_crl(mount_point=MOUNT)["data"]["success"] is True
    pki.set_crl_configuration("72h", False, mount_point=MOUNT)
    assert pki.read_crl_configuration(mount_point=MOUNT)["data"]["expiry"] == "72h"
    pki.tidy({"tidy_cert_store": True}, mount_point=MOUNT)


def issuers():
    name = {"issuer_name": "first"}
    pki.update_issuer("default", name, mount_point=MOUNT)
    assert pki.read_issuer("first", mount_point=MOUNT)["data"]["issuer_name"] == "first"
    pki.revoke_issuer("first", mount_point=MOUNT)
    pki.delete_issuer("first", mount_point=MOUNT)
    pki.delete_root(mount_point=MOUNT)


for step in (mounts, hierarchy, roles, certificates, lists, issuers):
    step()
    print(f"ok {step.__name__}")
