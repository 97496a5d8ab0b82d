// Prints the fragments that gitleaks' own sources make of a directory, a history or an index, one JSON object a line
// and sorted, so that a test can compare ours with them one for one.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"

	"github.com/fatih/semgroup"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/sources"
)

type line struct {
	// Names are bytes: hex keeps those that are no UTF-8.
	Path      string `json:"path"`
	Symlink   string `json:"symlink"`
	StartLine int    `json:"startLine"`
	Length    int    `json:"length"`
	Digest    string `json:"digest"`
	Sha       string `json:"sha"`
	Author    string `json:"author"`
	Email     string `json:"email"`
	Date      string `json:"date"`
	Message   string `json:"message"`
}

func text(s string) string { return hex.EncodeToString([]byte(s)) }

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: gitleaks-fragments dir|git|staged|unstaged PATH ARCHIVE-DEPTH [follow]")
		os.Exit(2)
	}
	depth, _ := strconv.Atoi(os.Args[3])
	ctx := context.Background()
	sema := semgroup.NewGroup(ctx, 4)
	cfg := &config.Config{}
	var source sources.Source
	var cmd *sources.GitCmd
	var err error
	switch os.Args[1] {
	case "dir":
		follow := len(os.Args) > 4 && os.Args[4] == "follow"
		source = &sources.Files{Config: cfg, FollowSymlinks: follow, Path: os.Args[2], Sema: sema, MaxArchiveDepth: depth}
	case "git":
		opts := ""
		if len(os.Args) > 4 {
			opts = os.Args[4]
		}
		cmd, err = sources.NewGitLogCmd(os.Args[2], opts)
	default:
		cmd, err = sources.NewGitDiffCmd(os.Args[2], os.Args[1] == "staged")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if cmd != nil {
		source = &sources.Git{Cmd: cmd, Config: cfg, Remote: &sources.RemoteInfo{}, Sema: sema, MaxArchiveDepth: depth}
	}
	var mutex sync.Mutex
	lines := []string{}
	err = source.Fragments(ctx, func(f sources.Fragment, err error) error {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return nil
		}
		sum := sha256.Sum256([]byte(f.Raw))
		l := line{
			Path: text(f.FilePath), Symlink: text(f.SymlinkFile), StartLine: f.StartLine,
			Length: len(f.Raw), Digest: hex.EncodeToString(sum[:8]),
		}
		if c := f.CommitInfo; c != nil {
			l.Sha, l.Author, l.Email = c.SHA, text(c.AuthorName), text(c.AuthorEmail)
			l.Date, l.Message = c.Date, text(c.Message)
		}
		out, _ := json.Marshal(l)
		mutex.Lock()
		lines = append(lines, string(out))
		mutex.Unlock()
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Println(l)
	}
}
