package demo

import (
	"net"
	"strconv"
	"testing"
)

// The redirect's port is listened on at a sign-in, long after it was chosen: it is none that the system gives to
// whoever asks for any.
func TestRedirectPortIsGivenToNobody(t *testing.T) {
	for range 20 {
		address, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		host, port, err := net.SplitHostPort(address)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || host != "127.0.0.1" || n < 20000 || n >= 32768 {
			t.Errorf("%s: %v", address, err)
		}
		if !portFree(address) {
			t.Errorf("%s is taken", address)
		}
	}
}
