package store

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// A file at rest wakes nobody: the timer has run out until the next use.
func TestRestIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := openBolt(filepath.Join(t.TempDir(), "store.db"), true)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := b.update(func(r rows) error { return r.put("bucket", "key", []byte("value")) }); err != nil {
				t.Fatal(err)
			}
			time.Sleep(restAfter)
			synctest.Wait()
			if b.rest.timer.Stop() {
				t.Error("the timer runs on")
			}
		}
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
}
