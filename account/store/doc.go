// Package store keeps an application's state on disk, sealed, and changes it in transactions.
//
// A store is one bbolt file. Every value in it is sealed with XChaCha20-Poly1305 under one random
// 32-byte key; the bucket and the name of a value are bound to it, so that values cannot be moved
// about in the file. Names of buckets and keys are not sealed: use numbers and [IDs] for keys, no
// names of people or devices. The key comes from a [KeySource]:
//
//   - [Keyring]: the key lies in the operating system's keyring;
//   - [Passphrase]: the key is wrapped under a key derived from a passphrase (argon2id, RFC 9106);
//     the parameters stand in the clear in the file's header.
//
// [NewMemory] returns a store without a file, for people who want to leave nothing behind.
// Nothing is ever written unsealed.
//
//	s, err := store.Open(path)                   // locked; errors.Is(err, fs.ErrNotExist): use Create
//	err = s.Unlock(ctx, keyring)
//	var tabs = store.NewTable[Tab]("tabs")
//	err = s.Update(func(tx *store.Tx) error { return tabs.Put(tx, id, tab) })
//
// A transaction happens as a whole or not at all, also when the machine loses power. What sealing
// cannot see is an old copy of the whole file put back in place of the new one.
package store
