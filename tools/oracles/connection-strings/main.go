// What the real Go drivers understand by a connection string: reads JSON strings, one a line, and answers
// each with one line, {"config": …} or {"error": "…"}. The expectation tables of the plugins come from it:
//
//	go run . -kind mysql < strings.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
)

// Each kind of connection string has a file of its own that adds itself here.
var kinds = map[string]func(text string) (any, error){}

type answer struct {
	Config any    `json:"config,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	kind := flag.String("kind", "", "which driver's parser: mysql …")
	flag.Parse()
	parse, ok := kinds[*kind]
	if !ok {
		log.Fatalf("unknown kind %q", *kind)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 64*1024), 16*1024*1024)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(guarded(parse, text)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// guarded turns a panic of a parser into its error: some give up that way.
func guarded(parse func(string) (any, error), text string) (result answer) {
	defer func() {
		if what := recover(); what != nil {
			result = answer{Error: fmt.Sprint(what)}
		}
	}()
	config, err := parse(text)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Config: config}
}
