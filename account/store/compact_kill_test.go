package store_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/store"
)

// victim names the file that a process of this test opens, to be killed meanwhile.
const victim = "TABFERRY_TEST_OPEN"

// TestOpenAndStay is that process.
func TestOpenAndStay(t *testing.T) {
	path := os.Getenv(victim)
	if path == "" {
		t.Skip("it is started by TestKilledWhileShrinking")
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A process that is killed while it makes a file smaller costs nothing, whenever that is.
func TestKilledWhileShrinking(t *testing.T) {
	path, ring, old := emptied(t)
	died := map[string]int{}
	for i := range 24 {
		write(t, path, old)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpenAndStay$") // #nosec G204 -- this test
		cmd.Env = append(os.Environ(), victim+"="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		begun := func() bool { // the smaller file, or its end
			_, err := os.Stat(path + ".compact")
			info, e := os.Stat(path)
			return err == nil || e == nil && info.Size() < int64(len(old))
		}
		for deadline := time.Now().Add(time.Minute); !begun() && time.Now().Before(deadline); {
			time.Sleep(50 * time.Microsecond)
		}
		time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it says that it was killed
		if info, err := os.Stat(path); err == nil && info.Size() == int64(len(old)) {
			died["before"]++
		} else {
			died["after"]++
		}
		wantAll(t, path, ring)
	}
	t.Logf("killed %v the smaller file took its place", died)
}
