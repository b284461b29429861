//go:build torture && linux

package torture_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tabferry/tabferry/packaging/box"
)

// What a run can be told.
var (
	kills = flag.Int("kills", 240, "how often the agent is killed at random")
	cuts  = flag.Int("cuts", 60, "how often it is killed in the middle of a write or a sync")
	flips = flag.Int("flips", 24, "how many bits of the store are flipped")
	seed  = flag.Uint64("seed", 0, "the seed of all chances; 0 draws one")
	keep  = flag.Bool("keep", false, "leave the folders of all stations behind")
)

// The programs: as it is installed, and the build whose clock can be bent and whose log tells everything.
var lean, bent string

// desk is the session bus and the keyring that all stations share.
var desk *box.Box

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64N(1e9) + 1
	}
	fmt.Printf("torture: -seed %d\n", *seed)
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tt") // short: it holds Unix sockets
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // one station runs as somebody else
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	lean, bent = filepath.Join(dir, "tabferry"), filepath.Join(dir, "tabferry-bent")
	if err := errors.Join(box.Programs(dir, false), build(bent, "torture")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	home := filepath.Join(dir, "box")
	if err := os.Mkdir(home, 0o700); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if desk, err = box.Start(context.Background(), box.Params{Dir: home, Bare: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	fmt.Printf("torture: %d kills, %d tabs received, %d sent, %d of these twice and marked\n",
		totals.kills.Load(), totals.in.Load(), totals.out.Load(), totals.marked.Load())
	if err := desk.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// build builds the lean program with one tag more. Whatever else is as in the installed one is not compiled again.
func build(program, tag string, env ...string) error {
	cmd := exec.Command("../lean.sh", program, tag)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// chances are those of one test: they follow from the seed and its name.
func chances(t *testing.T) *rand.Rand {
	var sum uint64
	for _, c := range t.Name() {
		sum = sum*131 + uint64(c)
	}
	return rand.New(rand.NewPCG(*seed, sum))
}
