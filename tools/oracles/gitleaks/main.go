// Answers what gitleaks finds: one JSON case a line on stdin (a configuration and fragments), one JSON answer a line on
// stdout. It links gitleaks itself, at the version that go.mod pins, so that thousands of cases cost one start.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
)

type fragment struct {
	// Bytes, as base64.
	Raw       []byte
	Path      string
	Commit    string
	StartLine int
}

type testCase struct {
	// A configuration, or "" for the default one.
	Toml        string
	Depth       int
	IgnoreAllow bool
	Fragments   []fragment
}

type component struct {
	RuleID                                     string
	StartLine, EndLine, StartColumn, EndColumn int
	Line, Match, Secret                        []byte
}

type finding struct {
	RuleID                                     string
	StartLine, EndLine, StartColumn, EndColumn int
	Line, Match, Secret                        []byte
	Entropy                                    float32
	File                                       string
	Tags                                       []string
	Required                                   []component
}

type answer struct {
	Error    string
	Findings [][]finding
}

var detectors = map[string]*detect.Detector{}

func detectorOf(toml string) (*detect.Detector, error) {
	if known, ok := detectors[toml]; ok {
		return known, nil
	}
	text := toml
	if text == "" {
		text = config.DefaultConfig
	}
	viper.Reset()
	viper.SetConfigType("toml")
	if err := viper.ReadConfig(strings.NewReader(text)); err != nil {
		return nil, err
	}
	var vc config.ViperConfig
	if err := viper.Unmarshal(&vc); err != nil {
		return nil, err
	}
	cfg, err := vc.Translate()
	if err != nil {
		return nil, err
	}
	made := detect.NewDetector(cfg)
	if len(detectors) > 50 {
		detectors = map[string]*detect.Detector{}
	}
	detectors[toml] = made
	return made, nil
}

func componentsOf(of reflect.Value) []component {
	list := of.FieldByName("requiredFindings")
	all := []component{}
	for i := 0; i < list.Len(); i++ {
		one := list.Index(i).Elem()
		number := func(name string) int { return int(one.FieldByName(name).Int()) }
		text := func(name string) string { return one.FieldByName(name).String() }
		all = append(all, component{
			text("RuleID"), number("StartLine"), number("EndLine"), number("StartColumn"), number("EndColumn"),
			[]byte(text("Line")), []byte(text("Match")), []byte(text("Secret")),
		})
	}
	return all
}

func solve(of testCase) (result answer) {
	defer func() {
		if failure := recover(); failure != nil {
			result = answer{Error: fmt.Sprint(failure)}
		}
	}()
	detector, err := detectorOf(of.Toml)
	if err != nil {
		return answer{Error: err.Error()}
	}
	detector.MaxDecodeDepth = of.Depth
	detector.IgnoreGitleaksAllow = of.IgnoreAllow
	result.Findings = [][]finding{}
	for _, one := range of.Fragments {
		found := []finding{}
		for _, f := range detector.Detect(detect.Fragment{
			Raw: string(one.Raw), FilePath: one.Path, CommitSHA: one.Commit, StartLine: one.StartLine,
		}) {
			found = append(found, finding{
				f.RuleID, f.StartLine, f.EndLine, f.StartColumn, f.EndColumn,
				[]byte(f.Line), []byte(f.Match), []byte(f.Secret), f.Entropy, f.File, f.Tags,
				componentsOf(reflect.ValueOf(f)),
			})
		}
		result.Findings = append(result.Findings, found)
	}
	return result
}

func main() {
	logging.Logger = zerolog.New(io.Discard)
	reader := bufio.NewReaderSize(os.Stdin, 1<<20)
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	decoder := json.NewDecoder(reader)
	encoder := json.NewEncoder(writer)
	for {
		var of testCase
		if err := decoder.Decode(&of); err != nil {
			return
		}
		if err := encoder.Encode(solve(of)); err != nil {
			return
		}
	}
}
