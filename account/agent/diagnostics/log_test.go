package diagnostics_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/diagnostics"
)

const (
	hexToken = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	b64Key   = "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kBI0Vng"
)

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"nothing to hide in 3 devices":                           "nothing to hide in 3 devices",
		"GET https://a.example/path?code=abc&state=def failed":   "GET https://a.example/path?[removed] failed",
		"at https://a.example/pair#channel_id=x&channel_key=y":   "at https://a.example/pair?[removed]",
		"https://user:pw@a.example/x":                            "https://a.example/x",
		"for somebody@example.com only":                          "for [removed] only",
		"token " + hexToken + " refused":                         "token [removed] refused",
		"key=" + b64Key:                                          "key=[removed]",
		"Authorization: Bearer fxs_abc":                          "Authorization: Bearer [removed]",
		`open "/home/anna/.local/share/tabferry/store.db": no`:   `open "/home/[removed]/.local/share/tabferry/store.db": no`,
		`open C:\Users\Anna\AppData`:                             `open C:\Users\[removed]\AppData`,
		"code=abc123 in the body":                                "code=[removed] in the body",
		"status 401, auth errno 110, route v1/account/device":    "status 401, auth errno 110, route v1/account/device",
		"waiting until 2026-11-21T22:00:00Z (https://a.example)": "waiting until 2026-11-21T22:00:00Z (https://a.example)",
	} {
		if got := diagnostics.Redact(in); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

type secretive struct{}

func (secretive) LogValue() slog.Value { return slog.StringValue("Bearer " + hexToken) }

func TestLogKeepsSecretsIn(t *testing.T) {
	var out bytes.Buffer
	log := diagnostics.NewLog(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l := slog.New(log).With("session_token", "s3cret", "room", "push").WithGroup("call")
	l.Info("asked https://a.example/x?code=s3cret",
		"err", fmt.Errorf("wrapped: %w", errors.New("https://b.example/?s3cret")),
		"email", "s3cret@example.com", "n", 7, "value", secretive{},
		slog.Group("inner", "access_token", "s3cret", "fine", "yes"),
		"list", []string{"s3cret@example.com"}, "Title", "s3cret")
	lines := log.Tail()
	if len(lines) != 1 {
		t.Fatalf("%d lines kept", len(lines))
	}
	for name, text := range map[string]string{"the handler behind": out.String(), "the kept line": lines[0]} {
		if strings.Contains(text, "s3cret") || strings.Contains(text, hexToken) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
		for _, want := range []string{"asked https://a.example/x", "push", "7", "yes", "wrapped: https://b.example/"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q: %s", name, want, text)
			}
		}
	}
}

// The way to a fault can be read in the log.
func TestTraceStaysReadable(t *testing.T) {
	log := diagnostics.NewLog(slog.NewTextHandler(io.Discard, nil))
	slog.New(log).Error("a fault", "panic", "of s3cret@example.com", "stack", string(debug.Stack())+"\n/home/anna/x.go:1")
	line := strings.Join(log.Tail(), "\n")
	for _, want := range []string{"account/agent/diagnostics_test.TestTraceStaysReadable", "log_test.go:", "/home/[removed]/x.go:1"} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	text := diagnostics.Text(diagnostics.State{LastCrash: "panic: of s3cret@example.com\n\n" + string(debug.Stack()) + "\n/home/anna/x.go:1"})
	for _, want := range []string{"panic: of [removed]", "account/agent/diagnostics_test.TestTraceStaysReadable", "log_test.go:", "/home/[removed]/x.go:1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(line+text, "s3cret") {
		t.Errorf("the reason shows a secret: %s\n%s", line, text)
	}
}

func TestLogTailIsBounded(t *testing.T) {
	log := diagnostics.NewLog(slog.DiscardHandler)
	// The discarding handler is not enabled; hand the records over as another logger would.
	l := slog.New(enabled{log})
	for i := range 1000 {
		l.Info("line", "i", i)
	}
	lines := log.Tail()
	if len(lines) != 400 || !strings.HasSuffix(lines[399], "i=999") || !strings.HasSuffix(lines[0], "i=600") {
		t.Errorf("%d lines from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("see ", " there")
	f.Add("https://a.example/?x=", "")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, hexToken[:24]) {
			t.Skip("holds the token itself")
		}
		// A token that stands by itself is never left, whatever is around it.
		if got := diagnostics.Redact(before + " " + hexToken + " " + after); strings.Contains(got, hexToken) {
			t.Errorf("%q still holds the token", got)
		}
	})
}

// enabled lets every record through to a handler.
type enabled struct{ slog.Handler }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }
