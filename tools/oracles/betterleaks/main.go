// The program that `npm run bench -- --scanner` measures beside ours: betterleaks' own commands, built from its module.
package main

import "github.com/betterleaks/betterleaks/cmd"

func main() {
	cmd.Execute()
}
