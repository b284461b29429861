//go:build !windows && !darwin

package clipboard

import (
	"bytes"
	"strings"
	"testing"
)

func TestWaylandRequestsReadBack(t *testing.T) {
	for _, text := range []string{"", "a", "abc", "abcd", "text/plain;charset=utf-8"} {
		data := newWaylandRequest(7, 3).uint(42).string(text).uint(43).bytes()
		if len(data)%4 != 0 {
			t.Fatalf("%q: %d bytes", text, len(data))
		}
		m, rest, complete, err := nextWayland(append(data, 1, 2))
		if err != nil || !complete || len(rest) != 2 || m.object != 7 || m.opcode != 3 {
			t.Fatalf("%q: %+v, %v, %v", text, m, complete, err)
		}
		if a, s, b := m.args.uint(), m.args.string(), m.args.uint(); a != 42 || s != text || b != 43 || m.args.err != nil {
			t.Errorf("%q: read %d, %q, %d, %v", text, a, s, b, m.args.err)
		}
		if m.args.uint(); m.args.err == nil {
			t.Errorf("%q: an argument that is not there was read", text)
		}
	}
}

func TestWaylandRefusesBrokenMessages(t *testing.T) {
	for name, data := range map[string]string{
		"size below the header": "\x01\x00\x00\x00\x00\x00\x04\x00",
		"size no whole words":   "\x01\x00\x00\x00\x00\x00\x0a\x00aaaaaaaa",
	} {
		if _, _, _, err := nextWayland([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, data := range map[string]string{
		"longer than the message": "\xff\x00\x00\x00abcd",
		"huge":                    "\xff\xff\xff\xffabcd",
		"no final zero":           "\x04\x00\x00\x00abcd",
		"no length":               "ab",
	} {
		a := waylandArgs{rest: []byte(data)}
		if s := a.string(); s != "" || a.err == nil {
			t.Errorf("%s: read %q, %v", name, s, a.err)
		}
	}
}

// FuzzWaylandMessage: whatever comes, what is taken and what is left make up the whole, and a
// string that is read is written back the same.
func FuzzWaylandMessage(f *testing.F) {
	f.Add(newWaylandRequest(1, 0).uint(2).string("wl_seat").uint(7).bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, rest, complete, err := nextWayland(data)
		if err != nil || !complete {
			if !bytes.Equal(rest, data) {
				t.Fatal("an incomplete message was changed")
			}
			return
		}
		if waylandHeader+len(m.args.rest)+len(rest) != len(data) {
			t.Fatalf("%d bytes became %d and %d", len(data), len(m.args.rest), len(rest))
		}
		args := m.args
		text := args.string()
		if args.err == nil && text != "" && !strings.Contains(text, "\x00") {
			again := newWaylandRequest(1, 0).string(text).bytes()[waylandHeader:]
			if len(again) != len(m.args.rest)-len(args.rest) {
				t.Fatalf("%q is written with another length", text)
			}
		}
	})
}
