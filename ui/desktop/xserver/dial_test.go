//go:build !windows && !darwin

package xserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen is an X server as far as serve makes it one, until the test ends. It returns its display.
func listen(t *testing.T, serve func(net.Conn)) (display string) {
	t.Helper()
	display = filepath.Join(t.TempDir(), "x:0")
	l, err := net.Listen("unix", display)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				serve(conn)
				_, _ = io.Copy(io.Discard, conn) // until the other side has gone
			})
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return display
}

// welcome is the answer of a server with one screen that lets somebody in.
func welcome() []byte {
	b := make([]byte, 80)
	b[0] = 1
	xgb.Put16(b[2:], 11)
	xgb.Put16(b[6:], uint16(len(b)-8)/4)
	xgb.Put32(b[16:], 0x1fffff) // the numbers that a client may give
	b[28] = 1                   // screen
	return b
}

// greet reads how somebody introduces himself, and lets him in.
func greet(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, 12)); err == nil {
		_, _ = conn.Write(welcome()) // whoever does not read it is no business of a server
	}
}

// TestDialIsGivenUp: a server that takes connections and says nothing, or nothing more, keeps nobody, and nothing
// of it is left behind.
func TestDialIsGivenUp(t *testing.T) {
	t.Setenv("XAUTHORITY", "/dev/null")
	t.Run("silent", func(t *testing.T) {
		display := listen(t, func(net.Conn) {})
		before := goleak.IgnoreCurrent()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := Dial(ctx, display); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		goleak.VerifyNone(t, before)
	})
	t.Run("silent after the welcome", func(t *testing.T) {
		display := listen(t, greet)
		before := goleak.IgnoreCurrent()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		conn, err := Dial(ctx, display)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := xproto.InternAtom(conn, false, 3, "XYZ").Reply(); err == nil {
			t.Error("answered")
		}
		for event, fault := conn.WaitForEvent(); event != nil || fault != nil; event, fault = conn.WaitForEvent() {
			t.Errorf("%v, %v", event, fault)
		}
		goleak.VerifyNone(t, before)
	})
}

func TestDialRefuses(t *testing.T) {
	t.Setenv("XAUTHORITY", "/dev/null")
	display := listen(t, greet)
	for name, display := range map[string]string{
		"no display":  "",
		"no number":   "localhost:",
		"no such one": ":64321",
		"no screen":   display + ".1",
		"a refusal": listen(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte{0, 4, 11, 0, 0, 0, 1, 0, 'a', 'w', 'a', 'y'})
		}),
		"nonsense": listen(t, func(conn net.Conn) { _, _ = conn.Write(make([]byte, 8)) }),
	} {
		if conn, err := Dial(t.Context(), display); err == nil {
			t.Errorf("%s: connected to %v", name, conn)
		}
	}
	if Listens(t.Context(), ":64321") || Listens(t.Context(), "nonsense") || !Listens(t.Context(), display) {
		t.Error("who listens and who does not is taken for one another")
	}
}

// record is one of the file of cookies.
func record(family uint16, fields ...string) []byte {
	b := binary.BigEndian.AppendUint16(nil, family)
	for _, f := range fields {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(f))), f...)
	}
	return b
}

func TestFindCookie(t *testing.T) {
	const secret, other = "0123456789abcdef", "fedcba9876543210"
	mine := record(familyLocal, "here", "7", cookie, secret)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":                {nil, ""},
		"ours":                   {mine, secret},
		"behind others":          {bytes.Join([][]byte{record(familyLocal, "there", "7", cookie, other), record(familyLocal, "here", "8", cookie, other), record(0, "here", "7", cookie, other), mine}, nil), secret},
		"behind another way":     {append(record(familyLocal, "here", "7", "XDM-AUTHORIZATION-1", other), mine...), secret},
		"of every display":       {record(familyLocal, "here", "", cookie, secret), secret},
		"of every machine":       {record(familyWild, "", "7", cookie, secret), secret},
		"of a long name":         {append(record(familyLocal, string(make([]byte, 1000)), "7", cookie, other), mine...), secret},
		"cut off":                {mine[:len(mine)-1], ""},
		"cut off within numbers": {mine[:3], ""},
	} {
		if got := findCookie(c.content, "here", "7"); string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestDialShowsItsCookie: xgb looks for one only where it makes the connection itself.
func TestDialShowsItsCookie(t *testing.T) {
	const secret = "0123456789abcdef"
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "authority")
	for content, want := range map[string]string{
		string(record(familyLocal, host, "0", cookie, secret)): "\x12\x00\x10\x00\x00\x00" + cookie + "\x00\x00" + secret,
		"": "\x00\x00\x00\x00\x00\x00",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("XAUTHORITY", file)
		said := make(chan string, 1)
		display := listen(t, func(conn net.Conn) {
			b := make([]byte, 6+len(want))
			_, err := io.ReadFull(conn, b)
			if err == nil {
				_, err = conn.Write(welcome())
			}
			if err != nil {
				b = nil
			}
			said <- string(b)
		})
		if _, err := Dial(t.Context(), display); err != nil {
			t.Fatal(err)
		}
		if got := <-said; got != "l\x00\x0b\x00\x00\x00"+want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for display, want := range map[string]address{
		":0":                      {number: "0", places: []place{{"unix", "/tmp/.X11-unix/X0"}, {"unix", "@/tmp/.X11-unix/X0"}}},
		"unix:12.3":               {number: "12", screen: 3, places: []place{{"unix", "/tmp/.X11-unix/X12"}, {"unix", "@/tmp/.X11-unix/X12"}}},
		"localhost:10.0":          {host: "localhost", number: "10", places: []place{{"tcp", "localhost:6010"}}},
		"tcp/there:1":             {host: "there", number: "1", places: []place{{"tcp", "there:6001"}}},
		"::1:2":                   {host: "::1", number: "2", places: []place{{"tcp", "[::1]:6002"}}},
		"/run/launch/org.x:0":     {number: "0", places: []place{{"unix", "/run/launch/org.x:0"}, {"unix", "/run/launch/org.x:0"}}},
		"":                        {},
		":":                       {},
		":x":                      {},
		":-1":                     {},
		":0.x":                    {},
		":0.-1":                   {},
		":../../../tmp/elsewhere": {},
		"there:70000":             {},
	} {
		got, err := parse(display)
		if (err != nil) != (want.number == "") {
			t.Errorf("%q: %v", display, err)
			continue
		}
		if err == nil && (got.host != want.host || got.number != want.number || got.screen != want.screen || len(got.places) != len(want.places)) {
			t.Errorf("%q: %+v, want %+v", display, got, want)
			continue
		}
		for i := range want.places {
			if got.places[i] != want.places[i] {
				t.Errorf("%q: %+v, want %+v", display, got, want)
			}
		}
	}
}
