#!/usr/bin/env bash
# Builds the Windows programs, and the installer around them, with mingw-w64 and NSIS:
#
#   packaging/windows/build.sh OUT            OUT/tabferry.exe, tabferry-window.exe, tabferry-setup-VERSION.exe,
#                                             and what they are made of (*.cdx.json)
#   PROGRAMS=lean packaging/windows/build.sh OUT   without the window, whose toolkit takes minutes once
#
# COMMIT is written into the programs. SIGN_CERT and SIGN_KEY (PEM files) sign programs and installer;
# SIGN_TIMESTAMP is the address of a timestamp server. Without a signature two builds are the same.
# COMPRESSOR=zlib makes a larger installer in a tenth of the time.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?usage: build.sh OUT}")
version=$(sed -n 's/^const version = "\(.*\)"$/\1/p' ui/role/version.go)
commit=${COMMIT:-$(git describe --always --dirty --abbrev=12 --match '' 2>/dev/null || true)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export GOOS=windows GOARCH=amd64
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The linker takes the resources from beside main.go, and whatever else is built there meanwhile would take them too: so
# the programs are built in a copy of the sources.
sources=$work/sources
mkdir "$sources"
tar -c --exclude=./.git --exclude=./build --exclude=./dist --exclude=./shots . | tar -x -C "$sources"

# resources NAME DESCRIPTION puts icon, manifest and version beside main.go.
resources() {
  cp assets/icons/app-*.png "$work"
  local file
  for file in winres.json app.manifest; do
    sed -e "s|@VERSION@|${version%%-*}|g" -e "s|@NAME@|$1|g" -e "s|@DESCRIPTION@|$2|g" "packaging/windows/$file" >"$work/$file"
  done
  env -u GOOS -u GOARCH go tool -modfile=packaging/tools/go.mod go-winres make \
    --in "$work/winres.json" --out "$work/out" --arch amd64
  mv "$work/out_windows_amd64.syso" "$sources/rsrc_windows_amd64.syso"
}

# sign FILE… signs in place, if there is something to sign with.
sign() {
  [ -n "${SIGN_CERT:-}" ] || return 0
  local file
  for file in "$@"; do
    osslsigncode sign -certs "$SIGN_CERT" -key "${SIGN_KEY:?}" -h sha256 -n Tabferry \
      -i https://github.com/tabferry/tabferry ${SIGN_TIMESTAMP:+-ts "$SIGN_TIMESTAMP"} \
      -in "$file" -out "$work/signed.exe" >/dev/null
    mv "$work/signed.exe" "$file"
  done
}

resources tabferry "Tabferry: agent, tray and command line"
COMMIT=$commit "$sources/packaging/lean.sh" "$out/tabferry.exe"
sign "$out/tabferry.exe"
[ "${PROGRAMS:-all}" != lean ] || exit 0

resources tabferry-window "Tabferry"
# -H=windowsgui: no console flashes up.
COMMIT=$commit CC=${CC:-x86_64-w64-mingw32-gcc} "$sources/packaging/window.sh" "$out/tabferry-window.exe" -H=windowsgui
sign "$out/tabferry-window.exe"

env -u GOOS -u GOARCH CGO_ENABLED=0 go run ./packaging/icons -ico "$work/tabferry.ico"
cp LICENSE "$work/LICENSE.txt"
env -u GOOS -u GOARCH CGO_ENABLED=0 go run ./packaging/notice "$out/tabferry.exe" "$out/tabferry-window.exe" >"$work/third-party-licences.txt"
for program in tabferry tabferry-window; do
  packaging/materials.sh "$out/$program-$version-windows-amd64.cdx.json" "$out/$program.exe"
done
# The installer keeps the times of what it packs.
find "$work" "$out/tabferry.exe" "$out/tabferry-window.exe" -type f -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
makensis -V2 -NOCD ${COMPRESSOR:+"-XSetCompressor /FINAL $COMPRESSOR"} -INPUTCHARSET UTF8 -DVERSION="$version" -DNUMBERS="${version%%-*}.0" -DPROGRAMS="$out" -DFILES="$work" \
  -DOUT="$out/tabferry-setup-$version.exe" packaging/windows/installer.nsi
sign "$out/tabferry-setup-$version.exe"
