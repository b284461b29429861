//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// calm times the same computation again and again: what it takes longer than usual is the machine's noise.
func calm() []time.Duration {
	const runs, blocks = 50, 8
	block := make([]byte, 1<<20)
	times := make([]time.Duration, runs)
	for i := range times {
		began := time.Now()
		for range blocks {
			_ = sha256.Sum256(block)
		}
		times[i] = time.Since(began)
	}
	return times
}

// machine tells what the figures were taken on, of what, and how quiet it was.
func machine(ctx context.Context, program string, began time.Time, before, after []time.Duration) (string, error) {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, program, "version").Output() // #nosec G204 -- the program that is measured
	if err != nil {
		return "", err
	}
	_, build, _ := strings.Cut(string(version), "\n") // "lean build of revision …"
	build, _, _ = strings.Cut(build, "\n")
	return fmt.Sprintf("Measured on %s, %s, %d cores (%s), %s, in %v. The same computation 50 times took, before, %s and, after, %s: "+
		"what lies between p50 and p95 is the machine's noise. Load at the end: %s.\n",
		time.Now().UTC().Format(time.DateOnly), build, runtime.NumCPU(), processor(), runtime.Version(), time.Since(began).Round(time.Second),
		spread(before), spread(after), strings.Join(strings.Fields(string(load))[:3], " ")), nil
}

// processor is what the processor calls itself.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// goTest runs the project's own tests or benchmarks and returns what they print.
func goTest(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...) // #nosec G204 -- arguments of this program
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go test: %w: %s", err, &out)
	}
	return out.String(), nil
}
