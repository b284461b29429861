// Package torture holds the tests of the built program on bad days: it is killed at random and at every
// write, its disk fails, fills up and rots, its server and the way there misbehave, its clock jumps, its
// session bus hangs. `make torture` runs them; without the tag torture there is nothing here.
//
// Each station is the lean program as it is installed, an accounts service of its own in the test's
// process with a door in front of it that misbehaves on demand, and a phone made of our own client. The
// verdict is read from both ends: what the service was given and what the phone got, against what
// `tabferry inbox --json` and `tabferry outbox --json` say after the last start. Nothing received or sent
// may be lost; nothing received may be there twice, and nothing sent unless it is marked; nothing may be
// unreadable; no request may reach a server that said to wait.
//
// Everything listens on loopback or on sockets in a temporary folder, which goes when a test succeeds.
// A failure prints the seed that repeats it: go test -tags torture -run NAME ./packaging/torture -seed N.
package torture
