#!/bin/sh
# Installs Tabferry for one person, without root, and takes it away again.
#
#   ./install.sh               into ~/.local
#   PREFIX=/opt/me ./install.sh
#   ~/.local/share/tabferry/install.sh --uninstall
#
# It writes down what it puts where; --uninstall removes that and nothing else. What you received, your
# settings and your account stay: `tabferry signout --purge` deletes them while the program is there.
set -eu
id=io.github.tabferry.Tabferry
here=$(cd "$(dirname "$0")" && pwd)
say() { printf '%s\n' "$*"; }
fail() { say "install.sh: $*" >&2; exit 1; }

case ${1-} in
--uninstall)
  if [ -f "$here/installed" ]; then PREFIX=$(cd "$here/../.." && pwd); else PREFIX=${PREFIX:-$HOME/.local}; fi ;;
'') PREFIX=${PREFIX:-$HOME/.local} ;;
*) fail "unknown argument $1 (none, or --uninstall)" ;;
esac
case $PREFIX in
/*) ;;
*) fail "PREFIX must begin with a slash: $PREFIX" ;;
esac
case $PREFIX in # they would need quoting in the menu entry that no desktop reads alike
*[\"\`\$\\%]* | *"
"*) fail "PREFIX must not have any of \" \` \$ \\ % and line breaks" ;;
esac
list=$PREFIX/share/tabferry/installed

uninstall() {
  [ -f "$list" ] || fail "nothing of Tabferry is noted in $list"
  if [ -x "$PREFIX/bin/tabferry" ]; then
    # None of these is there everywhere: browsers that know the program, an agent that runs.
    "$PREFIX/bin/tabferry" extension remove >/dev/null 2>&1 || true
    "$PREFIX/bin/tabferry" quit --force >/dev/null 2>&1 || true
  fi
  files=$(mktemp)
  cp "$list" "$files"
  while IFS= read -r file; do
    rm -f "$PREFIX/$file"
  done <"$files"
  refresh
  # Folders are removed where nothing else is in them, the deepest first.
  sed 's,/[^/]*$,,' "$files" | sort -ru | while IFS= read -r folder; do
    while [ "$folder" != . ] && rmdir "$PREFIX/$folder" 2>/dev/null; do folder=$(dirname "$folder"); done
  done
  rmdir "$PREFIX" 2>/dev/null || true
  rm -f "$files"
  # The entry that starts the agent at login would start nothing.
  entry=${XDG_CONFIG_HOME:-$HOME/.config}/autostart/$id.desktop
  if [ -f "$entry" ] && grep -qF "$PREFIX/bin/tabferry" "$entry"; then rm -f "$entry"; fi
  say "Tabferry is removed from $PREFIX. What it stored for you is where it was."
}

# The menu's cache; without the tool the desktop looks by itself. The cache is removed where nothing is in it.
refresh() {
  menu=$PREFIX/share/applications
  [ -d "$menu" ] || return 0
  if ls "$menu"/*.desktop >/dev/null 2>&1; then
    if command -v update-desktop-database >/dev/null; then update-desktop-database "$menu" || true; fi
    return 0
  fi
  rm -f "$menu/mimeinfo.cache"
}

install_files() {
  [ -x "$here/bin/tabferry" ] || fail "start it in the unpacked archive: there is no $here/bin/tabferry"
  mkdir -p "$PREFIX/share/tabferry"
  before=$(mktemp)
  [ ! -f "$list" ] || cat "$list" >"$before"
  (cd "$here" && find bin share ! -type d; printf 'share/tabferry/%s\n' install.sh installed) | sort >"$list.new"
  while IFS= read -r file; do
    [ "$file" != share/tabferry/installed ] || continue
    mkdir -p "$(dirname "$PREFIX/$file")"
    source=$here/$file
    [ "$file" != share/tabferry/install.sh ] || source=$here/install.sh
    # Beside it first: a program that runs keeps its old file, and nobody ever finds half a one.
    cp -P "$source" "$PREFIX/$file.new"
    mv -f "$PREFIX/$file.new" "$PREFIX/$file"
  done <"$list.new"
  # ~/.local/bin is often not on the PATH of a desktop session: the menu entry says where the program is.
  entry=$PREFIX/share/applications/$id.desktop
  sed "s,^Exec=tabferry,Exec=\"$(printf %s "$PREFIX/bin/tabferry" | sed 's,[&\\,],\\&,g')\",
       s,^TryExec=.*,TryExec=$(printf %s "$PREFIX/bin/tabferry-window" | sed 's,[&\\,],\\&,g')," "$here/share/applications/$id.desktop" >"$entry.new"
  mv -f "$entry.new" "$entry"
  # What the version before had and this one has not.
  while IFS= read -r file; do
    grep -qxF "$file" "$list.new" || rm -f "$PREFIX/$file"
  done <"$before"
  rm -f "$before"
  mv -f "$list.new" "$list"
  refresh
  say "Tabferry is installed in $PREFIX; start it from the menu or as $PREFIX/bin/tabferry"
  case :$PATH: in
  *":$PREFIX/bin:"*) ;;
  *) say "$PREFIX/bin is not on your PATH: add it to use the command line by name." ;;
  esac
  say "To remove it: $PREFIX/share/tabferry/install.sh --uninstall"
}

if [ "${1-}" = --uninstall ]; then uninstall; else install_files; fi
