// Package desktop holds the tests of the built program on a real desktop in a box: an X server, a D-Bus
// session, a keyring, a panel with a tray, a notification daemon. `make desktop` runs them; without
// the tag desktop there is nothing here.
package desktop
