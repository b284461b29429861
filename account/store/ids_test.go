package store_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"testing/quick"
	"time"

	"github.com/tabferry/tabferry/account/store"
)

func TestIDsSortAsMade(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ids := store.IDs{Rand: rand.Reader}
	steps := []time.Duration{0, 0, time.Millisecond, -time.Hour, 0, time.Minute, -10 * 365 * 24 * time.Hour, 0}
	var made []string
	for range 100 {
		for _, step := range steps {
			now = now.Add(step)
			id, err := ids.Next(now)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, id)
		}
	}
	if !slices.IsSorted(made) {
		t.Error("ids are not in order")
	}
	if len(slices.Compact(slices.Clone(made))) != len(made) {
		t.Error("an id came twice")
	}
	later := store.IDs{Rand: rand.Reader}
	later.After(made[len(made)-1])
	id, err := later.Next(now)
	if err != nil || id <= made[len(made)-1] {
		t.Errorf("after a restart %q follows %q (%v)", id, made[len(made)-1], err)
	}
}

func TestIDsIgnoreOtherText(t *testing.T) {
	f := func(text string) bool {
		var a store.IDs
		a.Rand = rand.Reader
		a.After(text)
		id, err := a.Next(time.UnixMilli(1 << 40))
		return err == nil && len(id) == 24 && id[:12] == "010000000000"
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}
