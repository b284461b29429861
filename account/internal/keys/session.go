package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// sessionTokenSize is the length of a session token in bytes; on the wire it
// is hexadecimal and so twice as long.
const sessionTokenSize = 32

// sessionInfo is the HKDF context under which the accounts server derives the
// public id and the request key of a session token.
const sessionInfo = "identity.mozilla.com/picl/v1/sessionToken"

// SessionCredential derives what a request shows instead of the session token
// itself (HKDF-SHA256, RFC 5869): id is the token id as 64 lower-case hex
// digits, which goes into the Authorization header, and macKey are the 32
// bytes that sign requests in the older Hawk scheme.
//
// A token that is not 64 hex digits is ErrMalformed.
func SessionCredential(sessionToken string) (id string, macKey []byte, err error) {
	token, err := hex.DecodeString(sessionToken)
	if err != nil || len(token) != sessionTokenSize {
		return "", nil, malformed("session token")
	}
	out, err := hkdf.Key(sha256.New, token, make([]byte, sha256.Size), sessionInfo, 2*sha256.Size)
	if err != nil {
		return "", nil, fmt.Errorf("derive session credential: %w", err)
	}
	return hex.EncodeToString(out[:sha256.Size]), out[sha256.Size:], nil
}
