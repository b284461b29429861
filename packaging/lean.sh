#!/bin/sh
# Builds the lean program: agent, tray and command line, without cgo. GOOS and GOARCH choose the system; COMMIT is
# written into the program, that of this source unless it is set.
#
#   packaging/lean.sh OUT [TAG]
#
# OUT is seen from the project's root; a further TAG (demo) takes in what no package has.
set -eu
cd "$(dirname "$0")/.."
commit=${COMMIT:-$(git describe --always --dirty --abbrev=12 --match '' 2>/dev/null || true)}
# headless leaves the window out. net/http has an HTTP/2 of its own, half a megabyte; the few requests that run side by
# side have connections of their own instead (ui/desktop/session keeps as many).
tags=headless,nethttpomithttp2${2:+,$2}
# Without symbol tables the program is a third smaller; panics still show functions and lines. Functions begin at every
# 16th byte, not at every 32nd, which is an eighth of a megabyte. Without the paths of this machine two builds are the
# same, byte for byte.
# What waits for a network, a bus or a person needs no copies of small functions within larger ones (-l), which are half a
# megabyte; what computes has them: the engine and its cryptography, the reading of pictures. Of several patterns that
# fit a package the last one counts.
export CGO_ENABLED=0
exec go build -trimpath -tags "$tags" \
  -gcflags='net/...=-l' -gcflags='crypto/tls/...=-l' -gcflags='crypto/x509/...=-l' -gcflags='github.com/...=-l' \
  -gcflags='github.com/tabferry/tabferry/account/...=' -gcflags='github.com/tabferry/tabferry/ui/qr=' -gcflags='github.com/makiuchi-d/...=' \
  -ldflags "-s -w -funcalign=16 -X github.com/tabferry/tabferry/ui/role.revision=$commit" -o "$1" .
