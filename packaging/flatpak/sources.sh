#!/bin/sh
# Prints flatpak-builder's sources for building without a network: each module of go.sum as the Go module proxy
# serves it, laid out as a proxy of files, with the hashes of what this machine has downloaded.
#
#   packaging/flatpak/sources.sh >packaging/flatpak/sources.json
set -eu
cd "$(dirname "$0")/../.."
go mod download # what is missing
cache=$(go env GOMODCACHE)/cache/download
first=1
echo '['
go list -m -f '{{if not .Main}}{{.Path}} {{.Version}}{{end}}' all | while read -r module version; do
  [ -n "$module" ] || continue
  place=$(printf %s "$module" | sed 's/[A-Z]/!\L&/g')/@v # capitals as the proxy writes them
  name=$(printf %s "$version" | sed 's/[A-Z]/!\L&/g')
  for ending in info mod zip; do
    file=$cache/$place/$name.$ending
    [ -f "$file" ] || continue
    [ $first = 1 ] || echo ','
    first=0
    printf '  {"type": "file", "url": "https://proxy.golang.org/%s/%s.%s", "sha256": "%s", "dest": "modules/%s", "dest-filename": "%s.%s"}' \
      "$place" "$name" $ending "$(sha256sum "$file" | cut -d' ' -f1)" "$place" "$name" $ending
  done
done
echo
echo ']'
