package storage

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// What is said of the storage.
var (
	locked     = localapi.NewPhrase("storage.locked", "Tabferry's data is locked.", "unlock it with `tabferry unlock`, or in the window")
	waiting    = localapi.NewPhrase("storage.waiting", "Tabferry waits for the keyring", "unlock the keyring when the system asks for it")
	patience   = localapi.NewPhrase("storage.patience", "The keyring has not answered yet. Tabferry goes on without it and takes the key when it comes.", "")
	unknownWay = localapi.NewPhrase("storage.unknown_way", "This way of protecting data is unknown.", "")
	protected  = localapi.NewPhrase("storage.protected", "The data is protected already.", "sign out and delete the local data to choose anew")
	lockedData = localapi.NewPhrase("storage.locked_data", "There is data already, and it is locked.", "unlock it, or sign out and delete the local data to begin anew")

	notThePassphrase = localapi.NewPhrase("storage.not_the_passphrase", "That is not the passphrase.", "try again; without it, only deleting the local data helps")
	emptyPassphrase  = localapi.NewPhrase("storage.empty_passphrase", "The passphrase is empty.", "")
	shortPassphrase  = localapi.NewPhrase("storage.short_passphrase", "This passphrase is too short: it takes at least 8 characters, not the same few again and again.", "three or four words that do not belong together are good")
	noKeyring        = localapi.NewPhrase("storage.no_keyring", "There is no keyring that Tabferry could use.", "choose a passphrase, or keep nothing after quitting")
	notDeleted       = localapi.NewPhrase("storage.not_deleted", "Not all of Tabferry's data could be deleted.", "look whose the file and its folder are, and whether the keyring is locked")
	cannotOpen       = localapi.NewPhrase("storage.cannot_open", "Tabferry's data cannot be opened.", "")
)

// problems are the sentences for failures of the store, and what a person may do.
var problems = []struct {
	err    error
	phrase localapi.Phrase
}{
	{store.ErrWrongKey, localapi.NewPhrase("storage.wrong_key", "The key in the keyring does not fit Tabferry's data.", "")},
	{store.ErrKeyMissing, localapi.NewPhrase("storage.key_missing", "The keyring no longer holds the key to Tabferry's data.", "sign out and delete the local data to begin anew")},
	{store.ErrNoCollection, localapi.NewPhrase("storage.no_keyring_yet", "This desktop can keep secrets, but has no keyring yet.", "have one made with `tabferry unlock --keep new-keyring`, or in the window; or choose a passphrase, or keep nothing after quitting")},
	{store.ErrNoKeyring, noKeyring},
	{store.ErrKeyringCancelled, localapi.NewPhrase("storage.keyring_cancelled", "The question for the keyring's password was cancelled.", "ask again and give it; or choose a passphrase, or keep nothing after quitting")},
	{store.ErrKeyringLocked, localapi.NewPhrase("storage.keyring_locked", "The keyring is locked.", "unlock it and try again; or choose a passphrase, or keep nothing after quitting")},
	{store.ErrKeyring, localapi.NewPhrase("storage.keyring_fails", "The keyring does not keep Tabferry's key.", "choose a passphrase, or keep nothing after quitting")},
	{store.ErrInUse, localapi.NewPhrase("storage.in_use", "Another program uses Tabferry's data.", "quit the other Tabferry")},
	{store.ErrNewer, localapi.NewPhrase("storage.newer", "Tabferry's data was written by a newer version.", "update Tabferry")},
	{fs.ErrExist, lockedData},
}

// problem says what is wrong with the store.
func problem(err error) localapi.Phrase {
	if phrase, ok := board.Disk(err); ok {
		return phrase
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.phrase
		}
	}
	return cannotOpen
}

// undeleted says why data could not be deleted.
func undeleted(err error) localapi.Phrase {
	if phrase, ok := board.Disk(err); ok {
		return phrase
	}
	return notDeleted
}

// shownAs is the sentence that is shown of a store that is not open, by its key. None of them has a place to fill.
func shownAs(key string) localapi.Phrase {
	all := append(board.DiskPhrases(), cannotOpen, patience, notDeleted)
	for _, p := range problems {
		all = append(all, p.phrase)
	}
	if i := slices.IndexFunc(all, func(p localapi.Phrase) bool { return p.Key == key }); i >= 0 {
		return all[i]
	}
	return locked
}

// refusal turns a failure of the store into a refusal.
func refusal(err error) error {
	switch {
	case board.Ended(err):
		return err
	case errors.Is(err, store.ErrWrongKey):
		return notThePassphrase.Refuse(localapi.CodeLocked)
	case errors.Is(err, store.ErrEmptyPassphrase):
		return emptyPassphrase.Refuse(localapi.CodeUsage)
	}
	return problem(err).Refuse(localapi.CodeLocked)
}
