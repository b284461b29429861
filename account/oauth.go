package account

import "crypto/ecdh"

// flow is a sign-in under way: what must be remembered to redeem its code.
type flow struct {
	verifier string
	key      *ecdh.PrivateKey
	scopes   []string
}
