# The Python client hvac, unmodified, does what an application does: one line "ok NAME" for each step.
# Address and token come in VAULT_ADDR and VAULT_TOKEN. hvac sends the method LIST.
import os

import hvac
from hvac import exceptions


def client_of(token):
    return hvac.Client(url=os.environ["VAULT_ADDR"], token=token, timeout=20)


def refused(kind, run):
    try:
        run()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was expected")


client = client_of(os.environ["VAULT_TOKEN"])
kv = client.secrets.kv.v2


def status():
    assert client.is_authenticated()
    assert client.sys.is_initialized()
    assert not client.sys.is_sealed()
    assert client.sys.read_health_status(method="GET")["initialized"]
    assert client.sys.read_health_status(method="HEAD").status_code == 200
    assert client.sys.read_leader_status()["ha_enabled"] is False


def mounts():
    client.sys.enable_secrets_engine("kv", path="py-kv", options={"version": "2"})
    assert client.sys.list_mounted_secrets_engines()["data"]["py-kv/"]["type"] == "kv"
    client.sys.tune_mount_configuration(path="py-kv", default_lease_ttl="1h")
    read = client.sys.read_mount_configuration(path="py-kv")
    assert read["data"]["default_lease_ttl"] == 3600


def secrets():
    kv.create_or_update_secret("app/db", {"password": "s3cret"}, cas=0, mount_point="py-kv")
    refused(
        exceptions.InvalidRequest,
        lambda: kv.create_or_update_secret("app/db", {"x": 1}, cas=9, mount_point="py-kv"),
    )
    kv.patch("app/db", {"user": "app"}, mount_point="py-kv")
    read = kv.read_secret_version("app/db", mount_point="py-kv", raise_on_deleted_version=True)
    assert read["data"]["data"] == {"password": "s3cret", "user": "app"}
    assert read["data"]["metadata"]["version"] == 2
    listed = kv.list_secrets("app", mount_point="py-kv")
    assert listed["data"]["keys"] == ["db"]
    kv.delete_latest_version_of_secret("app/db", mount_point="py-kv")
    refused(
        exceptions.InvalidPath,
        lambda: kv.read_secret_version("app/db", mount_point="py-kv", raise_on_deleted_version=True),
    )
    kv.undelete_secret_versions("app/db", [2], mount_point="py-kv")
    kv.destroy_secret_versions("app/db", [1], mount_point="py-kv")
    kv.update_metadata("app/db", max_versions=3, custom_metadata={"a": "b"}, mount_point="py-kv")
    metadata = kv.read_secret_metadata("app/db", mount_point="py-kv")["data"]
    assert metadata["custom_metadata"] == {"a": "b"}
    assert metadata["versions"]["1"]["destroyed"]


def policies_and_tokens():
    rules = 'path "py-kv/data/app/*" { capabilities = ["read"] }'
    client.sys.create_or_update_policy("py-reader", rules)
    assert client.sys.read_policy("py-reader")["data"]["rules"] == rules
    assert "py-reader" in client.sys.list_policies()["data"]["policies"]
    made = client.auth.token.create(policies=["py-reader"], ttl="1h")["auth"]
    reader = client_of(made["client_token"])
    reader.secrets.kv.v2.read_secret_version("app/db", mount_point="py-kv", raise_on_deleted_version=True)
    refused(exceptions.Forbidden, lambda: reader.sys.list_mounted_secrets_engines())
    looked = reader.auth.token.lookup_self()["data"]
    assert looked["policies"] == ["default", "py-reader"]
    assert made["accessor"] in client.auth.token.list_accessors()["data"]["keys"]
    reader.auth.token.renew_self(increment="2h")
    client.auth.token.revoke_accessor(made["accessor"])
    refused(exceptions.Forbidden, lambda: reader.auth.token.lookup_self())


def wrapping():
    wrapped = client.sys.wrap({"a": "b"}, ttl=60)
    token = wrapped["wrap_info"]["token"]
    assert client_of(None).sys.unwrap(token)["data"] == {"a": "b"}
    refused(exceptions.InvalidRequest, lambda: client_of(None).sys.unwrap(token))


def capabilities():
    answer = client.sys.get_capabilities(paths=["py-kv/data/x"])
    assert answer["data"]["capabilities"] == ["root"]


for step in (status, mounts, secrets, policies_and_tokens, wrapping, capabilities):
    step()
    print(f"ok {step.__name__}")
