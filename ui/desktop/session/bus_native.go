//go:build windows || darwin

package session

import "os"

// Settle has nothing to decide: there is no session bus.
func Settle() error { return nil }

// NoBus is false: none is needed.
func NoBus() bool { return false }

// CheckRuntime has nothing to look at.
func CheckRuntime() error { return nil }

// Environ is the environment for programs of the person's own.
func Environ() []string { return os.Environ() }

// runtimeFolders are none: such systems have no folder for sockets.
func runtimeFolders() []string { return nil }
