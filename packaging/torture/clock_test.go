//go:build torture && linux

package torture_test

import (
	"os"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// The wall clock jumps by two days, forth and back, and the agent is started in wrong times. Tabs move
// all the same, and what a fault has put off is tried again in time.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for name, jumps := range map[string][]string{"forth and back": {"48h", "0s"}, "back and forth": {"-48h", "0s"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settled(t, bent)
			n := 0
			both := func() {
				n++
				s.receive(s.link("in", n))
				s.send(t.Context(), s.link("out", n))
			}
			for _, jump := range jumps {
				s.door.arm(&mischief{method: "POST", path: "/account/devices/invoke_command", do: cut(false, true, 0)})
				both()
				s.until(box.Patience, "failed send", func(localapi.Snapshot) bool { return s.door.done() })
				if err := os.WriteFile(s.path("clock"), []byte(jump), 0o600); err != nil {
					t.Fatal(err)
				}
				both()
				s.calm()
				s.agent.kill()
				s.up()
				both()
				s.calm()
			}
			s.verdict()
			s.down()
		})
	}
}

// A clock that was wrong while a send was put off does not keep it, over a restart neither.
func TestClockSetRight(t *testing.T) {
	t.Parallel()
	s := settled(t, bent)
	if err := os.WriteFile(s.path("clock"), []byte("48h"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.door.arm(&mischief{method: "POST", path: "/account/devices/invoke_command", do: cut(false, true, 0)})
	s.send(t.Context(), s.link("out", 1))
	s.until(box.Patience, "failed send", func(localapi.Snapshot) bool { return s.door.done() })
	s.agent.kill()
	if err := os.Remove(s.path("clock")); err != nil {
		t.Fatal(err)
	}
	s.up()
	s.send(t.Context(), s.link("out", 2))
	s.calm()
	s.verdict()
	s.down()
}
