// Package ece seals and opens the encrypted bodies of Web Push.
//
// Two content encodings exist. "aes128gcm" (RFC 8188, keyed for Web Push by
// RFC 8291) is the one in use today, both for push messages and for the
// payloads of device commands. "aesgcm" is its predecessor
// (draft-ietf-httpbis-encryption-encoding-03 and
// draft-ietf-webpush-encryption-04); senders that still use it are read, but
// nothing here produces it.
//
// A receiver owns a P-256 key pair and a 16-octet authentication secret. A
// sender makes a fresh key pair for each message, agrees on a secret with the
// receiver's public key, mixes in the authentication secret and encrypts the
// text in one or several AES-128-GCM records:
//
//	body, err := ece.Encrypt(rand.Reader, receiver.PublicKey(), auth, text)
//	text, err := ece.Decrypt(receiver, auth, body)
//
// [DecryptMessage] chooses the decoder from the headers that came with a push
// message. Every refusal is a [*DecodeError], whose [Kind] names the check
// that failed; refused input yields no plaintext at all, not even that of the
// records before the bad one.
//
// The steps are in docs/protocol/push.md §8 and accounts-client.md §8.2.
//
// The package has no size policy: memory use is proportional to the input,
// whatever record size a header claims, and the caller decides how much input
// it is willing to hold.
package ece
