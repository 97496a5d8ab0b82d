// The real text/template with the real sprig functions, as an oracle for src/template. It reads one case per line as
// JSON and answers one line each: what was printed, or the error.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type testCase struct {
	Template   string `json:"template"`
	Data       any    `json:"data"`
	Strings    bool   `json:"strings"`
	Name       string `json:"name"`
	Left       string `json:"left"`
	Right      string `json:"right"`
	MissingKey string `json:"missingKey"`
	Plain      bool   `json:"plain"`
}

type answer struct {
	// Bytes as base64, for output need not be UTF-8.
	Output []byte `json:"output"`
	Error  string `json:"error,omitempty"`
}

func stringMap(data any) any {
	out := map[string]string{}
	if given, ok := data.(map[string]any); ok {
		for key, value := range given {
			out[key] = fmt.Sprint(value)
		}
	}
	return out
}

func run(c testCase) (result answer) {
	defer func() {
		if r := recover(); r != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", r)}
		}
	}()
	name := c.Name
	if name == "" {
		name = "template"
	}
	t := template.New(name).Delims(c.Left, c.Right)
	if !c.Plain {
		t = t.Funcs(sprig.TxtFuncMap())
	}
	if c.MissingKey != "" {
		t = t.Option("missingkey=" + c.MissingKey)
	}
	t, err := t.Parse(c.Template)
	if err != nil {
		return answer{Error: err.Error()}
	}
	data := c.Data
	if c.Strings {
		data = stringMap(data)
	}
	var out strings.Builder
	if err := t.Execute(&out, data); err != nil {
		return answer{Output: []byte(out.String()), Error: err.Error()}
	}
	return answer{Output: []byte(out.String())}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c testCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(run(c)); err != nil {
			os.Exit(1)
		}
	}
}
