// An unmodified client: the Go API modules of Vault and OpenBao do what an application does, one line "ok NAME"
// for each step. The server's address and token come in VAULT_ADDR and VAULT_TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	vault "github.com/hashicorp/vault/api"
	bao "github.com/openbao/openbao/api/v2"
)

func step(name string, run func() error) {
	if err := run(); err != nil {
		fmt.Printf("FAILED %s: %v\n", name, err)
		os.Exit(1)
	}
	fmt.Printf("ok %s\n", name)
}

func want(what string, got, wanted any) error {
	if !reflect.DeepEqual(got, wanted) {
		return fmt.Errorf("%s is %v, not %v", what, got, wanted)
	}
	return nil
}

func withVault() {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	client, err := vault.NewClient(vault.DefaultConfig())
	step("vault client", func() error { return err })
	step("vault health", func() error {
		health, err := client.Sys().HealthWithContext(ctx)
		if err != nil {
			return err
		}
		return errors.Join(want("initialized", health.Initialized, true), want("sealed", health.Sealed, false))
	})
	step("vault init status", func() error {
		initialized, err := client.Sys().InitStatusWithContext(ctx)
		return errors.Join(err, want("initialized", initialized, true))
	})
	step("vault seal status", func() error {
		status, err := client.Sys().SealStatusWithContext(ctx)
		return errors.Join(err, want("threshold", status.T, 1))
	})
	step("vault mounts", func() error {
		options := map[string]string{"version": "2"}
		if err := client.Sys().MountWithContext(ctx, "go-kv", &vault.MountInput{Type: "kv", Options: options}); err != nil {
			return err
		}
		mounts, err := client.Sys().ListMountsWithContext(ctx)
		if err != nil {
			return err
		}
		return want("version", mounts["go-kv/"].Options["version"], "2")
	})
	kv := client.KVv2("go-kv")
	step("vault kv put and get", func() error {
		made, err := kv.Put(ctx, "app/db", map[string]any{"password": "one", "port": 5432})
		if err != nil {
			return err
		}
		read, err := kv.Get(ctx, "app/db")
		if err != nil {
			return err
		}
		return errors.Join(
			want("version", made.VersionMetadata.Version, 1),
			want("password", read.Data["password"], "one"),
			want("port", fmt.Sprint(read.Data["port"]), "5432"),
		)
	})
	step("vault kv check-and-set and patch", func() error {
		if _, err := kv.Put(ctx, "app/db", map[string]any{"password": "late"}, vault.WithCheckAndSet(7)); err == nil {
			return errors.New("a wrong check-and-set was taken")
		}
		if _, err := kv.Patch(ctx, "app/db", map[string]any{"user": "app"}); err != nil {
			return err
		}
		read, err := kv.GetVersion(ctx, "app/db", 2)
		if err != nil {
			return err
		}
		return errors.Join(want("password", read.Data["password"], "one"), want("user", read.Data["user"], "app"))
	})
	step("vault kv list", func() error {
		listed, err := client.Logical().ListWithContext(ctx, "go-kv/metadata/app")
		if err != nil {
			return err
		}
		return want("keys", listed.Data["keys"], []any{"db"})
	})
	step("vault kv delete, undelete, rollback, metadata", func() error {
		if err := kv.Delete(ctx, "app/db"); err != nil {
			return err
		}
		gone, err := kv.Get(ctx, "app/db")
		if err != nil {
			return err
		}
		if gone.Data != nil {
			return errors.New("a deleted version has data")
		}
		if err := kv.Undelete(ctx, "app/db", []int{2}); err != nil {
			return err
		}
		rolled, err := kv.Rollback(ctx, "app/db", 1)
		if err != nil {
			return err
		}
		custom := map[string]any{"owner": "team"}
		if err := kv.PutMetadata(ctx, "app/db", vault.KVMetadataPutInput{MaxVersions: 5, CustomMetadata: custom}); err != nil {
			return err
		}
		metadata, err := kv.GetMetadata(ctx, "app/db")
		if err != nil {
			return err
		}
		if _, err := kv.Get(ctx, "none"); !errors.Is(err, vault.ErrSecretNotFound) {
			return fmt.Errorf("an absent secret is %v", err)
		}
		return errors.Join(
			want("version", rolled.VersionMetadata.Version, 3),
			want("current", metadata.CurrentVersion, 3),
			want("owner", metadata.CustomMetadata["owner"], "team"),
		)
	})
	step("vault policy", func() error {
		rules := `path "go-kv/data/app/*" { capabilities = ["read"] }`
		if err := client.Sys().PutPolicyWithContext(ctx, "go-reader", rules); err != nil {
			return err
		}
		read, err := client.Sys().GetPolicyWithContext(ctx, "go-reader")
		return errors.Join(err, want("policy", read, rules))
	})
	step("vault token", func() error {
		made, err := client.Auth().Token().CreateWithContext(ctx, &vault.TokenCreateRequest{Policies: []string{"go-reader"}, TTL: "1h"})
		if err != nil {
			return err
		}
		reader, err := client.Clone()
		if err != nil {
			return err
		}
		reader.SetToken(made.Auth.ClientToken)
		if _, err := reader.KVv2("go-kv").Get(ctx, "app/db"); err != nil {
			return err
		}
		var refused *vault.ResponseError
		if _, err := reader.KVv2("go-kv").Put(ctx, "app/db", map[string]any{}); !errors.As(err, &refused) || refused.StatusCode != 403 {
			return fmt.Errorf("a write without the right is %v", err)
		}
		looked, err := reader.Auth().Token().LookupSelfWithContext(ctx)
		if err != nil {
			return err
		}
		policies, err := looked.TokenPolicies()
		if err != nil {
			return err
		}
		renewed, err := reader.Auth().Token().RenewSelfWithContext(ctx, 60)
		if err != nil {
			return err
		}
		if err := client.Auth().Token().RevokeTreeWithContext(ctx, made.Auth.ClientToken); err != nil {
			return err
		}
		if _, err := reader.Auth().Token().LookupSelfWithContext(ctx); err == nil {
			return errors.New("a revoked token was accepted")
		}
		return errors.Join(
			want("policies", policies, []string{"default", "go-reader"}),
			want("renewed", renewed.Auth.LeaseDuration, 60),
		)
	})
	step("vault wrapping", func() error {
		wrapper, err := client.Clone()
		if err != nil {
			return err
		}
		wrapper.SetToken(client.Token())
		wrapper.SetWrappingLookupFunc(func(string, string) string { return "60s" })
		wrapped, err := wrapper.Logical().ReadWithContext(ctx, "go-kv/data/app/db")
		if err != nil {
			return err
		}
		bare, err := vault.NewClient(vault.DefaultConfig())
		if err != nil {
			return err
		}
		bare.SetToken(wrapped.WrapInfo.Token)
		secret, err := bare.Logical().UnwrapWithContext(ctx, "")
		if err != nil {
			return err
		}
		if _, err := bare.Logical().UnwrapWithContext(ctx, ""); err == nil {
			return errors.New("a wrapping token was taken twice")
		}
		data, _ := secret.Data["data"].(map[string]any)
		return want("password", data["password"], "one")
	})
	step("vault lifetime watcher", func() error {
		made, err := client.Auth().Token().CreateWithContext(ctx, &vault.TokenCreateRequest{TTL: "10s"})
		if err != nil {
			return err
		}
		owner, err := client.Clone()
		if err != nil {
			return err
		}
		owner.SetToken(made.Auth.ClientToken)
		watcher, err := owner.NewLifetimeWatcher(&vault.LifetimeWatcherInput{Secret: made})
		if err != nil {
			return err
		}
		go watcher.Start()
		defer watcher.Stop()
		select {
		case renewed := <-watcher.RenewCh():
			return want("renewed", renewed.Secret.Auth.LeaseDuration, 10)
		case err := <-watcher.DoneCh():
			return fmt.Errorf("the watcher ended: %w", err)
		case <-time.After(15 * time.Second):
			return errors.New("no renewal came")
		}
	})
}

func withBao() {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	config := bao.DefaultConfig()
	config.Address = os.Getenv("VAULT_ADDR")
	client, err := bao.NewClient(config)
	step("bao client", func() error { return err })
	client.SetToken(os.Getenv("VAULT_TOKEN"))
	step("bao health", func() error {
		health, err := client.Sys().HealthWithContext(ctx)
		if err != nil {
			return err
		}
		return want("sealed", health.Sealed, false)
	})
	step("bao kv", func() error {
		kv := client.KVv2("go-kv")
		if _, err := kv.Put(ctx, "bao", map[string]any{"a": "b"}); err != nil {
			return err
		}
		read, err := kv.Get(ctx, "bao")
		if err != nil {
			return err
		}
		return want("a", read.Data["a"], "b")
	})
	step("bao list and scan", func() error {
		listed, err := client.Logical().ListWithContext(ctx, "go-kv/metadata")
		if err != nil {
			return err
		}
		scanned, err := client.Logical().ScanWithContext(ctx, "go-kv/metadata")
		if err != nil {
			return err
		}
		return errors.Join(
			want("listed", listed.Data["keys"], []any{"app/", "bao"}),
			want("scanned", scanned.Data["keys"], []any{"app/db", "bao"}),
		)
	})
	step("bao namespaces", func() error {
		if _, err := client.Logical().WriteWithContext(ctx, "sys/namespaces/go", nil); err != nil {
			return err
		}
		inside := client.WithNamespace("go")
		mounts, err := inside.Sys().ListMountsWithContext(ctx)
		if err != nil {
			return err
		}
		if _, found := mounts["go-kv/"]; found {
			return errors.New("a mount of another namespace is listed")
		}
		return nil
	})
	step("bao absent", func() error {
		secret, err := client.Logical().ReadWithContext(ctx, "go-kv/data/none")
		return errors.Join(err, want("absent", secret == nil, true))
	})
}

func main() {
	withVault()
	withBao()
}
