// Runs zlint's lints of RFC 5280 over the certificates (*.crt) and revocation lists (*.crl) in DER that its
// arguments name, and prints one line for each lint that says "error" or "fatal".
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

func main() {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{
		IncludeSources: lint.SourceList{lint.RFC5280, lint.RFC5480, lint.RFC5891},
	})
	if err != nil {
		fmt.Println("FAULT registry", err)
		os.Exit(1)
	}
	lints := 0
	for _, path := range os.Args[1:] {
		results, err := lintFile(path, registry)
		if err != nil {
			fmt.Println("FAULT", path, err)
			continue
		}
		lints += len(results.Results)
		for name, result := range results.Results {
			if result.Status == lint.Error || result.Status == lint.Fatal {
				fmt.Println("FAULT", path, name, result.Status, result.Details)
			}
		}
	}
	fmt.Println("linted", len(os.Args)-1, "files with", lints, "results")
}

func lintFile(path string, registry lint.Registry) (*zlint.ResultSet, error) {
	der, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".crl") {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, err
		}
		return zlint.LintRevocationListEx(list, registry), nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return zlint.LintCertificateEx(certificate, registry), nil
}
