package desktop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
)

// maxCrashes is the size in bytes at which the traces of earlier crashes are thrown away.
const maxCrashes = 1 << 20

// crashShown is how much of a crash file is handed on, in bytes: more than one trace.
const crashShown = 16 << 10

// LastCrash returns the end of the file that KeepCrashes wrote, with the last trace; empty when there is
// none.
func LastCrash(dir, role string) string {
	text, err := os.ReadFile(crashFile(dir, role)) // #nosec G304 -- a file of our own logs folder
	if err != nil {
		return ""
	}
	text = text[max(0, len(text)-crashShown):]
	if i := max(bytes.LastIndex(text, []byte("\npanic: ")), bytes.LastIndex(text, []byte("\nfatal error: "))); i >= 0 {
		text = text[i+1:]
	}
	return string(text)
}

func crashFile(dir, role string) string { return filepath.Join(dir, role+"-crash.txt") }

// KeepCrashes makes the runtime add the trace of a crash to the file ROLE-crash.txt in folder dir, for
// the user alone: nobody reads the standard error of a program that a desktop started. end stops that,
// and removes the file if no trace is in it. It must not be deferred: a panic runs what is deferred
// before its trace is written.
func KeepCrashes(dir, role string) (end func() error, err error) {
	path := crashFile(dir, role)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- a file of our own logs folder
	if err != nil {
		return nil, fmt.Errorf("crash file: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() > maxCrashes {
		err = file.Truncate(0)
	}
	if err == nil {
		err = debug.SetCrashOutput(file, debug.CrashOptions{}) // it keeps a descriptor of its own
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("crash file: %w", err)
	}
	return func() error {
		err := debug.SetCrashOutput(nil, debug.CrashOptions{})
		if info, statErr := os.Stat(path); statErr == nil && info.Size() == 0 {
			err = errors.Join(err, os.Remove(path))
		}
		return err
	}, nil
}
