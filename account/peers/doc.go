// Package peers holds only tests: programs that nobody here wrote — a real Firefox, Mozilla's Python
// client PyFxA, the npm packages web-push, http_ece and jose — use the in-process accounts service and talk to
// our own client through it.
//
// They need those programs (packaging/system-packages.sh installs them) and are built with the tag
// peers:
//
//	go test -tags peers ./account/peers
//
// Apart from fetching the pinned packages they stay on the loopback interface. A Firefox takes seconds
// to start (how it is driven: docs/protocol/firefox-as-peer.md): scenarios share one where they do not disturb each other, and at most two run at a time.
package peers
