package keys

import (
	"errors"
	"fmt"
)

// The kinds of failure of this package.
var (
	// ErrMalformed says that the input does not have the shape its format
	// promises: wrong length, bad base64, missing member.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported says that the input is well formed but asks for an
	// algorithm, curve or extension this package does not implement.
	ErrUnsupported = errors.New("unsupported algorithm")
	// ErrDecrypt says that an authentication tag or HMAC did not fit: the
	// wrong key was used or somebody changed the text.
	ErrDecrypt = errors.New("decryption failed")
	// ErrKeyMismatch says that a bundle names another key than the one
	// given, so that trying to decrypt it would be pointless.
	ErrKeyMismatch = errors.New("made with another key")
)

// malformed builds an ErrMalformed with a reason that holds no input.
func malformed(what string) error {
	return fmt.Errorf("%s: %w", what, ErrMalformed)
}

// unsupported builds an ErrUnsupported naming the header member at fault.
func unsupported(what string) error {
	return fmt.Errorf("%s: %w", what, ErrUnsupported)
}
