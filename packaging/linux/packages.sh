#!/usr/bin/env bash
# Makes what people install on Linux out of the two programs: two deb, two rpm, one archive for a person
# without root, and what describes them.
#
#   packaging/linux/packages.sh BUILD DIST
#
# VERSION and SOURCE_DATE_EPOCH come from the Makefile. PACKAGES and FORMATS, for tests, choose less than all.
set -euo pipefail
build=$(realpath "$1") dist=$(realpath -m "$2")
root=$(cd "$(dirname "$0")/../.." && pwd)
tool() { (cd "$root" && CGO_ENABLED=0 go tool -n -modfile=packaging/tools/packages.mod "$1"); } # where it is, once built
: "${SOURCE_DATE_EPOCH:?is needed}" "${VERSION:?is needed}"
export VERSION SOURCE_DATE_EPOCH
packages=${PACKAGES:-tabferry tabferry-window} formats=${FORMATS:-deb rpm archive}
ARCH=$(go env GOARCH)
export ARCH
nfpm=$(tool nfpm)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$dist"

"$root/packaging/linux/stage.sh" "$build" "$stage"

# What Debian wants beside the files that all share: see debian/ and the overrides for what lintian says.
deb=$stage/debian
for package in tabferry tabferry-window; do
  mkdir -p "$deb/$package"
  sed "s/@PACKAGE@/$package/" "$root/packaging/linux/debian/copyright" >"$deb/$package/copyright"
  sed -n "s/^$package: //p" "$root/packaging/linux/debian/overrides" >"$deb/$package/overrides"
  printf 'tabferry (%s-1) unstable; urgency=medium\n\n  * What is new is told in /usr/share/doc/tabferry/changelog.gz.\n\n -- The Tabferry maintainers <tabferry@users.noreply.github.com>  %s\n' \
    "$VERSION" "$(LC_ALL=C date -uR -d "@$SOURCE_DATE_EPOCH")" | gzip -n -9 >"$deb/$package/changelog.Debian.gz"
done
# Where browsers look for the program that their extension speaks to. Chrome's folder below /etc/opt and those of
# other browsers are left to `tabferry extension install`.
for browser in firefox librewolf chromium; do
  mkdir -p "$stage/native/$browser"
  HOME=/nonexistent "$build/tabferry" extension manifest --browser $browser --path /usr/bin/tabferry \
    >"$stage/native/$browser/io.github.tabferry.tabferry.json"
done
# Packages have the bus start the program, which knows where it is; the archive's entry starts it itself.
id=io.github.tabferry.Tabferry
mkdir "$stage/dbus"
install -m 644 "$root/packaging/linux/$id.service" "$stage/dbus/$id.service"
sed 's/^Terminal=.*/&\nDBusActivatable=true/' "$stage/share/applications/$id.desktop" >"$stage/dbus/$id.desktop"
find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

make_package() { # package, format
  local said # nfpm says also on stdout why it fails
  said=$(cd "$stage" && "$nfpm" package --packager "$2" --config "$root/packaging/linux/$1.yaml" --target "$dist/" 2>&1) ||
    { echo "$1, $2: $said" >&2; return 1; }
}
# press packs a deb that has no compression yet with xz itself: the library in nfpm makes it a fifth larger.
press() { # file
  local dir
  ar t "$1" | grep -qx data.tar || return 0
  dir=$(mktemp -d -p "$stage")
  (cd "$dir" && ar x "$1" && xz -6 -T1 data.tar && rm "$1" && ar rcD "$1" debian-binary control.tar.gz data.tar.xz)
}
running=()
for package in $packages; do
  for format in ${formats/archive/}; do
    make_package "$package" "$format" &
    running+=($!)
  done
done
for one in "${running[@]}"; do wait "$one"; done
for deb in "$dist"/*.deb; do
  [[ ! -f $deb ]] || press "$deb"
done
[[ $formats == *archive* ]] || exit 0

# The archive for one person: the same files and install.sh.
name=tabferry-$VERSION-linux-$ARCH
mkdir "$stage/$name"
mv "$stage/bin" "$stage/share" "$stage/$name/"
install -m 755 "$root/packaging/linux/install.sh" "$stage/$name/install.sh"
XZ_OPT="-6 -T2" tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  -cJf "$dist/$name.tar.xz" "$name"

# What is in the programs, for machines.
for program in tabferry tabferry-window; do
  "$root/packaging/materials.sh" "$dist/$program-$VERSION-linux-$ARCH.cdx.json" "$build/$program"
done
