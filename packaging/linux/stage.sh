#!/bin/sh
# Lays out what is installed on Linux, below a folder that stands for /usr or ~/.local.
#
#   packaging/linux/stage.sh BUILD OUT
#
# BUILD holds the programs. The same files make the packages and the archive for one person. All times are
# SOURCE_DATE_EPOCH, so that what is made of them is the same byte for byte.
set -eu
build=$1 out=$2 id=io.github.tabferry.Tabferry
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${SOURCE_DATE_EPOCH:?is needed}" "${VERSION:?is needed}"

rm -rf "$out"
umask 022
put() { # mode, file, place
  mkdir -p "$(dirname "$out/$3")"
  install -m "$1" "$2" "$out/$3"
}
squeeze() { gzip -n -9 "$out/$1"; }

put 755 "$build/tabferry" bin/tabferry
put 755 "$build/tabferry-window" bin/tabferry-window

icons=share/icons/hicolor
for size in 16 22 24 32 48 64 128 256 512; do
  put 644 "$root/assets/icons/app-$size.png" "$icons/${size}x$size/apps/$id.png"
done
put 644 "$root/assets/icons/app.svg" "$icons/scalable/apps/$id.svg"
put 644 "$root/assets/icons/app-symbolic.svg" "$icons/symbolic/apps/$id-symbolic.svg"
put 644 "$here/$id.desktop" "share/applications/$id.desktop"
put 644 "$here/$id.metainfo.xml" "share/metainfo/$id.metainfo.xml"

manual() { # language, place
  mkdir -p "$out/$2"
  (cd "$root" && go run ./packaging/manual "$VERSION" "$1") >"$out/$2/tabferry.1"
  squeeze "$2/tabferry.1"
  ln -s tabferry.1.gz "$out/$2/tabferry-window.1.gz"
}
manual en share/man/man1
manual de share/man/de/man1
manual fr share/man/fr/man1

complete() { # shell, place
  mkdir -p "$(dirname "$out/$2")"
  LC_ALL=C HOME=/nonexistent "$build/tabferry" completion "$1" >"$out/$2"
}
complete bash share/bash-completion/completions/tabferry
complete zsh share/zsh/site-functions/_tabferry
complete fish share/fish/vendor_completions.d/tabferry.fish

put 644 "$root/README.md" share/doc/tabferry/README.md
put 644 "$root/SECURITY.md" share/doc/tabferry/SECURITY.md
put 644 "$root/CHANGELOG.md" share/doc/tabferry/changelog
squeeze share/doc/tabferry/changelog
put 644 "$root/LICENSE" share/doc/tabferry/LICENSE
for program in tabferry tabferry-window; do
  mkdir -p "$out/share/doc/$program"
  (cd "$root" && go run ./packaging/notice "$out/bin/$program") >"$out/share/doc/$program/third-party-licences.txt"
  squeeze "share/doc/$program/third-party-licences.txt"
done

find "$out" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
