package store

import (
	"errors"
	"fmt"
)

// The failures a caller can decide upon. A missing file is [io/fs.ErrNotExist].
var (
	// ErrLocked says that the store's key is not here yet: call [Store.Unlock].
	ErrLocked = errors.New("the store is locked")
	// ErrWrongKey says that the passphrase, or the key from the keyring, does not fit this file.
	ErrWrongKey = errors.New("the key does not fit the store")
	// ErrKeyMissing says that the keyring works but holds no key for this file.
	ErrKeyMissing = errors.New("the keyring holds no key for the store")
	// ErrKeyring says that the keyring is of no use: it refused or did not keep what it was given, or is
	// one of those below, which are ErrKeyring too.
	ErrKeyring = errors.New("the keyring cannot be used")
	// ErrNoKeyring says that there is none.
	ErrNoKeyring = fmt.Errorf("%w: there is none", ErrKeyring)
	// ErrNoCollection says that there is a service for secrets, but no keyring in it yet: [Keyring.Make]. It
	// is ErrNoKeyring too.
	ErrNoCollection = fmt.Errorf("%w yet", ErrNoKeyring)
	// ErrKeyringLocked says that it stays locked: nobody gave its password when it was asked for.
	ErrKeyringLocked = fmt.Errorf("%w: it stays locked", ErrKeyring)
	// ErrKeyringCancelled says that somebody cancelled the question for its password; it is ErrKeyringLocked
	// too.
	ErrKeyringCancelled = fmt.Errorf("%w: its question was cancelled", ErrKeyringLocked)
	// ErrCorrupt says that the file, or a value in it, is damaged. The file is left as it is.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrReplaced says that the file was removed, or another one put in its place, while it was in use.
	ErrReplaced = errors.New("the store's file was taken away")
	// ErrFull says that the disk, or the person's share of it, is full.
	ErrFull = errors.New("the disk is full")
	// ErrDisk says that the disk cannot read or write.
	ErrDisk = errors.New("the disk fails")
	// ErrReadOnly says that the disk takes nothing.
	ErrReadOnly = errors.New("the disk is read-only")
	// ErrDenied says that file or folder are not ours to read or write.
	ErrDenied = errors.New("the store's file is not ours to use")
	// ErrBusy says that the system has too many files open, or too little memory.
	ErrBusy = errors.New("the system has too many files open, or too little memory")
	// ErrInUse says that another process holds the file.
	ErrInUse = errors.New("the store is used by another process")
	// ErrNewer says that a newer version of the program wrote the file.
	ErrNewer = errors.New("the store was written by a newer version")
	// ErrClosed says that the store was closed or deleted.
	ErrClosed = errors.New("the store is closed")
	// ErrEmptyPassphrase says that a passphrase without a character protects nothing.
	ErrEmptyPassphrase = errors.New("the passphrase is empty")
	// ErrSource says that the key source is not of the kind that protects this file.
	ErrSource = errors.New("the store is protected in another way")
)
