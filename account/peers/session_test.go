//go:build peers

package peers

import (
	"testing"

	"github.com/tabferry/tabferry/account/internal/keys"
)

// sessionID derives the id of a session token, which is what its bearer header carries.
func sessionID(t *testing.T, token string) string {
	t.Helper()
	id, _, err := keys.SessionCredential(token)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
