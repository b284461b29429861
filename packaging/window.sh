#!/bin/sh
# Builds the whole program: the lean one and the window, which needs cgo. GOOS, GOARCH and CC choose the system; COMMIT
# is written into the program, that of this source unless it is set.
#
#   packaging/window.sh OUT [FLAG]
#
# OUT is seen from the project's root; a further FLAG (-H=windowsgui) is the linker's.
set -eu
cd "$(dirname "$0")/.."
commit=${COMMIT:-$(git describe --always --dirty --abbrev=12 --match '' 2>/dev/null || true)}
# One flag set for everything that compiles OpenGL: each other one costs minutes once. Of the flags,
# no_animations lets the cursor of a field stand still: where the processor draws, its fading costs a tenth of a core.
# nethttpomithttp2 leaves half a megabyte out, as in the lean program. What waits for a person, a disk or a network needs no
# copies of small functions within larger ones (-l), which are a megabyte; the reading of pictures computes, and has them.
# Without symbol tables the program is a third smaller; panics still show functions and lines. Functions begin at every
# 16th byte, not at every 32nd, which is 0.3 MB. Without the paths of this machine two builds are the same, byte for
# byte. The commit is written in by the linker, because `-buildvcs` asks git in ways that a source archive, a root
# shell or GOFLAGS forbid.
export CGO_ENABLED=1
exec go build -trimpath -tags migrated_fynedo,no_emoji,no_animations,nethttpomithttp2 \
  -gcflags='github.com/tabferry/...=-l' -gcflags='github.com/spf13/...=-l' -gcflags='github.com/jezek/...=-l' -gcflags='go.etcd.io/...=-l' \
  -gcflags='github.com/tabferry/tabferry/ui/qr=' \
  -ldflags "-s -w -funcalign=16 -X github.com/tabferry/tabferry/ui/role.revision=$commit ${2:-}" -o "$1" .
