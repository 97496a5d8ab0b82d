// The program that test/live/gitleaks-program.test.ts compares with: gitleaks' own commands, built from its module.
package main

import "github.com/zricethezav/gitleaks/v8/cmd"

func main() {
	cmd.Execute()
}
