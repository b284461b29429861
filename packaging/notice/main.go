// Command notice prints the licences of everything that is linked into programs: the modules that they
// themselves name, the Go runtime, and what some modules bring along (C sources, fonts).
//
//	go run ./packaging/notice PROGRAM…
//
// It fails where a module has no licence file, so that none is forgotten.
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: notice PROGRAM…")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "notice:", err)
		os.Exit(1)
	}
}

// module is what `go list -m -json` says of one.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// write prints the notice of programs that come together.
func write(out io.Writer, programs []string) error {
	modules, err := linked(programs)
	if err != nil {
		return err
	}
	goDir, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("finding the Go tree: %w", err)
	}
	modules = append([]module{{Path: "Go, its runtime and standard library", Version: runtime.Version(), Dir: strings.TrimSpace(string(goDir))}}, modules...)
	var names []string
	for _, program := range programs {
		names = append(names, filepath.Base(program))
	}
	fmt.Fprintf(out, "%s: this contains the work of others, under the licences below.\n\n", strings.Join(names, ", "))
	for _, m := range modules {
		fmt.Fprintf(out, "  %s %s\n", m.Path, m.Version)
	}
	for _, m := range modules {
		texts, err := licences(m)
		if err != nil {
			return err
		}
		for _, file := range texts {
			text, err := os.ReadFile(filepath.Join(m.Dir, file)) // #nosec G304 -- in the module cache
			if err != nil {
				return fmt.Errorf("%s: %w", m.Path, err)
			}
			fmt.Fprintf(out, "\n%s\n%s %s: %s\n\n%s\n", strings.Repeat("=", 78), m.Path, m.Version, file, bytes.TrimSpace(text))
		}
	}
	return nil
}

// linked are the modules in programs, with the folders of their sources.
func linked(programs []string) ([]module, error) {
	args := []string{"list", "-m", "-json"}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return nil, fmt.Errorf("reading what %s is made of: %w", filepath.Base(program), err)
		}
		for _, dep := range info.Deps {
			if !slices.Contains(args, dep.Path) {
				args = append(args, dep.Path)
			}
		}
	}
	listed, err := exec.Command("go", args...).Output() // #nosec G204 G702 -- names of modules
	if err != nil {
		return nil, fmt.Errorf("listing the modules: %w", err)
	}
	var modules []module
	for d := json.NewDecoder(bytes.NewReader(listed)); ; {
		var m module
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("listing the modules: %w", err)
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// licenceFile is what files with a licence are called.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright)([-._].*)?$`)

// licences are a module's licence files: those at its root, of which there must be one, and those below
// that belong to what it carries along. Programs and examples that are not linked have some too: better
// one too many.
func licences(m module) ([]string, error) {
	var found []string
	atRoot := false
	err := filepath.WalkDir(m.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(m.Dir, path)
		if err != nil {
			return err
		}
		outside := m.Version == runtime.Version() && rel != "." // the tree of Go: its root alone
		if entry.IsDir() && (outside || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() && licenceFile.MatchString(entry.Name()) && !strings.HasSuffix(rel, ".go") {
			found = append(found, rel)
			atRoot = atRoot || filepath.Dir(rel) == "."
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	if !atRoot {
		return nil, fmt.Errorf("%s %s has no licence file in %s", m.Path, m.Version, m.Dir)
	}
	return found, nil
}
