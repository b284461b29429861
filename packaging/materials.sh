#!/bin/sh
# Lists the modules that a program is made of, for machines (CycloneDX). For which system and with which tags it was built
# stands in the program.
#
#   packaging/materials.sh OUT PROGRAM
#
# Licences are not in it: the tool guesses them, and says WTFPL of what is BSD's. Their texts come with the
# programs: packaging/notice.
set -eu
cd "$(dirname "$0")/.."
# The tool asks a repository for the version of the whole, and fails without one. A source archive gets an empty
# one, the same each time, for as long as that takes.
if [ ! -e .git ]; then
  trap 'rm -rf .git' EXIT
  git init -q
  GIT_AUTHOR_DATE="@${SOURCE_DATE_EPOCH:-0} +0000" GIT_COMMITTER_DATE="@${SOURCE_DATE_EPOCH:-0} +0000" \
    git -c user.name=none -c user.email=none -c commit.gpgsign=false commit -q --allow-empty -m none
fi
tool=$(env -u GOOS -u GOARCH CGO_ENABLED=0 go tool -n -modfile=packaging/tools/packages.mod cyclonedx-gomod)
built() { go version -m "$2" | sed -n "s/^	build	$1=//p"; }
said=$(GOFLAGS="${GOFLAGS:-} -tags=$(built -tags "$2")" CGO_ENABLED=$(built CGO_ENABLED "$2") GOOS=$(built GOOS "$2") GOARCH=$(built GOARCH "$2") "$tool" app -json -noserial -notimestamp -main . -output "$1" . 2>&1) ||
  { echo "$said" >&2; exit 1; }
