package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file of an older version goes through the steps that it lacks, all or none of them; one of this
// version is left as it is.
func TestMigrate(t *testing.T) {
	step := func(to string) func(*Tx) error {
		return func(tx *Tx) error {
			before, err := tx.Get("notes", "a")
			return errors.Join(err, tx.Put("notes", "a", append(before, to...)))
		}
	}
	failing := func(*Tx) error { return errors.New("not today") }
	for name, c := range map[string]struct {
		version int
		steps   []func(*Tx) error
		want    string
		to      int // 0: it fails
	}{
		"of this version":   {1, nil, "1", 1},
		"one behind":        {1, []func(*Tx) error{step("2")}, "12", 2},
		"two behind":        {1, []func(*Tx) error{step("2"), step("3")}, "123", 3},
		"the first is done": {2, []func(*Tx) error{step("2"), step("3")}, "13", 3},
		"the last fails":    {1, []func(*Tx) error{step("2"), failing}, "1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewMemory()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Update(func(tx *Tx) error { return tx.Put("notes", "a", []byte("1")) }); err != nil {
				t.Fatal(err)
			}
			h := &Header{Version: c.version, Protection: ByKeyring, Entry: "e", Check: []byte("x")}
			if err := h.migrate(s.engine, s.seal, c.steps); (err == nil) != (c.to > 0) {
				t.Fatalf("migrating: %v", err)
			}
			var text, header []byte
			err = s.View(func(tx *Tx) (err error) {
				header = tx.rows.get(headerBucket, headerKey)
				text, err = tx.Get("notes", "a")
				return err
			})
			if err != nil || string(text) != c.want {
				t.Errorf("the value is %q, %v", text, err)
			}
			if c.to > c.version {
				var there Header
				if err := json.Unmarshal(header, &there); err != nil || there.Version != c.to || there.Entry != "e" {
					t.Errorf("the header is %s, %v", header, err)
				}
			}
		})
	}
}

// A step that fails leaves the file at its version, and no copy beside it.
func TestFailedStepLeavesNoCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	source, err := NewPassphrase("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Create(t.Context(), path, source)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(tx *Tx) error { return tx.Put("notes", "a", []byte("1")) }); err != nil {
		t.Fatal(err)
	}
	steps := make([]func(*Tx) error, headerVersion())
	steps[headerVersion()-1] = func(tx *Tx) error {
		if _, err := os.Stat(copyName(path, headerVersion())); err != nil {
			t.Error("there is no copy while the file is changed")
		}
		return errors.Join(tx.Put("notes", "a", []byte("2")), ErrFull)
	}
	if err := s.bringUp(s.seal, steps); !errors.Is(err, ErrFull) || s.header.Version != headerVersion() {
		t.Errorf("version %d, %v", s.header.Version, err)
	}
	err = s.View(func(tx *Tx) error {
		if text, err := tx.Get("notes", "a"); err != nil || string(text) != "1" {
			t.Errorf("the value is %q, %v", text, err)
		}
		return nil
	})
	beside, globbed := filepath.Glob(path + ".*")
	if err := errors.Join(err, globbed); err != nil || len(beside) != 0 {
		t.Errorf("left: %q, %v", beside, err)
	}
}
