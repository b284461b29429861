#!/usr/bin/env bash
# Makes OUT/Tabferry-VERSION-macos.zip: Tabferry.app with the lean program for Apple and Intel processors, and
# tabferry-VERSION-macos.cdx.json: what that is made of.
#
#   packaging/macos/bundle.sh OUT
#
# This is the lean build: agent and command line, without tray and window, which need cgo and Apple's SDK.
# On a Mac, WINDOW=path/of/tabferry-window takes the window along. Nothing is signed here;
# docs/packaging.md says how that is done. Needs lipo, or llvm's.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?usage: bundle.sh OUT}")
version=$(sed -n 's/^const version = "\(.*\)"$/\1/p' ui/role/version.go)
commit=${COMMIT:-$(git describe --always --dirty --abbrev=12 --match '' 2>/dev/null || true)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
lipo=$(command -v lipo llvm-lipo llvm-lipo-{19,18,17,16,15,14} | head -1) || { echo "bundle.sh: there is no lipo" >&2 && exit 1; }
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
app=$work/Tabferry.app/Contents
mkdir -p "$app/MacOS" "$app/Resources"

for machine in arm64 amd64; do
  COMMIT=$commit GOOS=darwin GOARCH=$machine packaging/lean.sh "$work/tabferry-$machine"
done
"$lipo" -create -output "$app/MacOS/tabferry" "$work/tabferry-arm64" "$work/tabferry-amd64"
if [ -n "${WINDOW:-}" ]; then cp "$WINDOW" "$app/MacOS/tabferry-window"; fi
sed "s|@VERSION@|${version%%-*}|g" packaging/macos/Info.plist >"$app/Info.plist"
printf 'APPL????' >"$app/PkgInfo"
CGO_ENABLED=0 go run ./packaging/icons -icns "$app/Resources/Tabferry.icns"
cp LICENSE "$app/Resources/LICENSE.txt"
CGO_ENABLED=0 go run ./packaging/notice "$work/tabferry-arm64" ${WINDOW:+"$WINDOW"} >"$app/Resources/third-party-licences.txt"
packaging/materials.sh "$out/tabferry-$version-macos.cdx.json" "$work/tabferry-arm64"
find "$work/Tabferry.app" -exec touch -d "@$epoch" {} +
rm -f "$out/Tabferry-$version-macos.zip"
# -X: no user, no times of access; the order is fixed, the time zone too.
(cd "$work" && find Tabferry.app | LC_ALL=C sort | TZ=UTC zip -q -X -@ "$out/Tabferry-$version-macos.zip")
