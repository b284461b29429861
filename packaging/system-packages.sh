#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages that a goal needs, if any of them is missing.
#
#   packaging/system-packages.sh build            what `go build .` needs (OpenGL headers, C compiler)
#   packaging/system-packages.sh build desktop    and what a desktop in a box needs (Xvfb, panel, keyring, …)
#   packaging/system-packages.sh build desktop peers   and the programs the tests talk to (Firefox, Chromium, Python, npm)
#   packaging/system-packages.sh build packages   what `make packages` and `make roots` need (lintian, rpm, mmdebstrap, …)
#   packaging/system-packages.sh windows          what `make windows` and `make wine` need (mingw-w64, NSIS, Wine, …)
#   packaging/system-packages.sh macos            what `make macos` needs (lipo, zip)
#   packaging/system-packages.sh torture          what `make torture` needs (strace, a bus, a keyring)
#
# Runs apt as root or through sudo; with neither it says what to install and exits 1.
# On a system without apt it names the tools it looked for and goes on: the build says what is missing.
set -euo pipefail

build=(gcc libc6-dev pkg-config libgl1-mesa-dev libxcursor-dev libxrandr-dev libxinerama-dev
  libxi-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev)
desktop=(xvfb xauth x11-utils xdotool wmctrl scrot dbus dbus-x11 libnotify-bin dunst
  gnome-keyring gcr libsecret-tools libgl1-mesa-dri fonts-noto-core fonts-noto-color-emoji libglib2.0-bin xfwm4 xfce4-panel xfconf xfce4-settings
  xfce4-notifyd greybird-gtk-theme elementary-xfce-icon-theme librsvg2-bin zbar-tools xclip tesseract-ocr imagemagick
  sway wl-clipboard at-spi2-core
  procps libxcursor1 libxkbcommon0)
torture=(strace dbus-daemon dbus-bin gnome-keyring util-linux mount)
peers=(firefox-esr firefox-esr-l10n-de firefox-esr-l10n-fr chromium python3 python3-venv nodejs npm curl)
packages=(lintian rpm rpmlint cpio desktop-file-utils appstream mmdebstrap debian-archive-keyring xz-utils man-db binutils util-linux mount flatpak-builder)

windows=(gcc-mingw-w64-x86-64-win32 nsis wine wine64 osslsigncode xvfb x11-utils xdotool scrot imagemagick libgl1-mesa-dri)
macos=(zip llvm libplist-utils)

wanted=()
for goal in "$@"; do
  case $goal in
  build) wanted+=("${build[@]}") ;;
  desktop) wanted+=("${desktop[@]}") ;;
  packages) wanted+=("${packages[@]}") ;;
  windows) wanted+=("${windows[@]}") ;;
  macos) wanted+=("${macos[@]}") ;;
  torture) wanted+=("${torture[@]}") ;;
  peers) wanted+=("${peers[@]}") ;;
  *) echo "system-packages.sh: unknown goal '$goal' (build, desktop, packages, peers, torture, windows, macos)" >&2 && exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "This system has no dpkg. Install the equivalents of these Debian packages yourself: ${wanted[*]}" >&2
  exit 0
fi

# A program that came by another road (a toolchain image's node or python3) counts as installed.
has() {
  case $1 in
  nodejs) command -v node >/dev/null && return ;;
  npm) command -v npm >/dev/null && return ;;
  curl) command -v curl >/dev/null && return ;;
  python3) command -v python3 >/dev/null && return ;;
  python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && return ;;
  esac
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${wanted[@]}"; do
  has "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These system packages are missing, and this user may not install them:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing system packages: ${missing[*]}"
"${as_root[@]}" apt-get update -q=2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q=2 -y --no-install-recommends "${missing[@]}" >/dev/null
