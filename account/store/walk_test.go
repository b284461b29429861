package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// What a transaction has deleted is gone for its own readers too, however many entries that were: a
// file keeps the emptied pages until the transaction is over, and a walk has to step over them.
func TestWalkAfterDeletion(t *testing.T) {
	files := map[string]func(t *testing.T) *store.Store{
		"file": func(t *testing.T) *store.Store { s, _, _, _ := fileStore(t); return s },
		"memory": func(t *testing.T) *store.Store {
			s, err := store.NewMemory()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
	}
	parts := map[string]func(n int) (from, to int){
		"all":          func(n int) (int, int) { return 0, n },
		"all but one":  func(n int) (int, int) { return 1, n },
		"the newest":   func(n int) (int, int) { return n / 2, n },
		"the oldest":   func(n int) (int, int) { return 0, n / 2 },
		"the middle":   func(n int) (int, int) { return n / 3, 2 * n / 3 },
		"nothing":      func(n int) (int, int) { return 0, 0 },
		"all but last": func(n int) (int, int) { return 0, n - 1 },
	}
	for kind, open := range files {
		for part, of := range parts {
			for _, n := range []int{1, 12, 60, 500} {
				t.Run(fmt.Sprintf("%s/%s of %d", kind, part, n), func(t *testing.T) {
					walkAfterDeletion(t, open(t), n, of)
				})
			}
		}
	}
}

// walkAfterDeletion deletes a part of n entries and walks in the same transaction, from everywhere.
func walkAfterDeletion(t *testing.T, s *store.Store, n int, of func(int) (int, int)) {
	var keys []string
	err := s.Update(func(tx *store.Tx) error {
		for i := range n {
			keys = append(keys, fmt.Sprintf("%04d", i))
			if err := notes.Put(tx, keys[i], note{strings.Repeat("x", 300)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	from, to := of(n)
	left := slices.Concat(keys[:from], keys[to:])
	err = s.Update(func(tx *store.Tx) error {
		if err := notes.Delete(tx, keys[from:to]...); err != nil {
			return err
		}
		for i, before := range append([]string{"", "0000", "9999"}, keys...) {
			if n > 100 && i > 20 && i%17 != 0 {
				continue
			}
			want := slices.DeleteFunc(slices.Clone(left), func(k string) bool { return before != "" && k >= before })
			slices.Reverse(want)
			var have []string
			for row := range notes.Newest(tx, before) {
				have = append(have, row.Key)
			}
			if !slices.Equal(have, want) {
				t.Fatalf("below %q the walk finds %d entries, want %d", before, len(have), len(want))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A text is good until the next of the same walk, whatever else is read meanwhile.
func TestWalksDoNotDisturbEachOther(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		for _, key := range []string{"a", "b", "c"} {
			put(t, s, key, "text "+key)
		}
		err := s.View(func(tx *store.Tx) error {
			for outer, text := range notes.Texts(tx) {
				for inner, other := range notes.Texts(tx) {
					if _, _, err := notes.Get(tx, "c"); err != nil {
						return err
					}
					if want := fmt.Sprintf(`{"text":"text %s"}`, inner); string(other) != want {
						t.Errorf("%s within %s is %s", inner, outer, other)
					}
				}
				if want := fmt.Sprintf(`{"text":"text %s"}`, outer); string(text) != want {
					t.Errorf("%s is %s", outer, text)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
