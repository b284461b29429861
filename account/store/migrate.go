package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// migrations bring a file to the next version each, the first one from version 1. A step is frozen once
// it has been released: it names what that version held, whatever the program calls it today.
var migrations = []func(*Tx) error{nameAnOwner}

func headerVersion() int { return len(migrations) + 1 }

// nameAnOwner is the step from version 1, which kept what belongs to a person for whoever was signed in.
// It becomes the first owner's; who that is, the application finds out from the account's state.
func nameAnOwner(tx *Tx) error {
	for _, bucket := range []string{"inbox", "outbox", "avatar"} {
		if err := tx.rename(bucket, owned(FirstOwner, bucket)); err != nil {
			return err
		}
	}
	// When something was last sent where, and whose tabs open by themselves, stood among other things.
	if err := extract(tx, "notes", "sentTo", "targets"); err != nil {
		return err
	}
	return extract(tx, "settings", "openFrom", "rules")
}

// extract moves one member of a cell into a cell of the first owner's.
func extract(tx *Tx, bucket, member, to string) error {
	text, err := tx.Get(bucket, onlyKey)
	if err != nil || text == nil {
		return err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil // it will be put aside by whoever reads it
	}
	value, ok := members[member]
	if !ok {
		return nil
	}
	delete(members, member)
	if text, err = json.Marshal(members); err != nil {
		return err
	}
	return errors.Join(tx.Put(bucket, onlyKey, text), tx.Put(owned(FirstOwner, to), onlyKey, value))
}

// migrate brings a file to the version that has all the steps behind it, in one transaction with the new
// header: it is never in between.
func (h *Header) migrate(file engine, seal *sealer, steps []func(*Tx) error) error {
	if h.Version > len(steps) {
		return nil
	}
	is := *h
	err := file.update(func(r rows) error {
		tx := &Tx{rows: r, seal: seal}
		for ; is.Version <= len(steps); is.Version++ {
			if err := steps[is.Version-1](tx); err != nil {
				return fmt.Errorf("bringing the store from version %d to the next: %w", is.Version, err)
			}
		}
		text, err := json.Marshal(is)
		if err != nil {
			return err
		}
		return errors.Join(tx.setAllAside(), r.put(headerBucket, headerKey, text))
	})
	if err == nil {
		*h = is
	}
	return err
}

// bringUp migrates the file of a store, with a copy of it beside it until that has succeeded and the file
// was found to be of the new version. A crash leaves the file as it was or as it is to be; the copy it may
// leave too goes with the next start that finds nothing to do.
func (s *Store) bringUp(seal *sealer, steps []func(*Tx) error) error {
	file, ok := s.engine.(*boltFile)
	if !ok || s.header.Version > len(steps) {
		return s.dropCopies(len(steps))
	}
	kept := copyName(s.path, s.header.Version)
	if err := writeCopy(file, kept); err != nil {
		return fmt.Errorf("copying the store before it is changed: %w", diskFault(err))
	}
	if err := s.header.migrate(file, seal, steps); err != nil {
		return errors.Join(err, os.Remove(kept)) // the file is as it was, and may need the room
	}
	err := file.view(func(r rows) error {
		_, err := parseHeader(r.get(headerBucket, headerKey))
		return err
	})
	if err != nil {
		return err
	}
	return s.dropCopies(len(steps))
}

// copyName is where the file lies as it was in an older version, while it is brought up from that.
func copyName(path string, version int) string { return path + ".version-" + strconv.Itoa(version) }

// writeCopy writes the file beside itself, whole or not at all.
func writeCopy(file *boltFile, path string) (err error) {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode) // #nosec G304 -- beside the caller's store
	if err != nil {
		return err
	}
	err = file.copyTo(io.Writer(f))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return syncFolder(filepath.Dir(path))
}

// dropCopies removes the copies of all versions up to one.
func (s *Store) dropCopies(version int) (err error) {
	if s.path == "" {
		return nil
	}
	for v := 1; v <= version; v++ {
		for _, path := range []string{copyName(s.path, v), copyName(s.path, v) + ".new"} {
			if e := os.Remove(path); e != nil && !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, fmt.Errorf("removing a copy of the store: %w", e))
			}
		}
	}
	return err
}
