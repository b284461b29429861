// Package keys holds the cryptography of a Mozilla account client that is not
// message encryption: what turns a session token into a request credential,
// what proves an OAuth sign-in (PKCE, RFC 7636), what carries the account's
// scoped keys from one client to another (a JWE of the kind ECDH-ES with
// A256GCM, RFC 7516 and RFC 7518), and what publishes a device's command keys
// so that only devices of the same account can read them.
//
// Everything here is a pure function of its arguments. Randomness is always
// handed in as an io.Reader and every byte that is read from it is used, which
// makes recorded results reproducible. Nothing does I/O, nothing is cached.
//
// # Failures
//
// Every failure is one of four kinds, to be told apart with errors.Is:
// [ErrMalformed] for text that does not have the promised shape,
// [ErrUnsupported] for algorithms and curves we do not speak,
// [ErrDecrypt] when an authentication tag or an HMAC does not fit, and
// [ErrKeyMismatch] for a bundle made with another key than ours. No error text
// ever holds a key, a plaintext or a ciphertext.
package keys
