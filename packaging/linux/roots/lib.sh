# What the scripts of the clean roots share. They run inside such a root, as root, with the packages, the
# program with the demo world and what else they need in /try. They end with the first thing that is not so.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
trap 'echo "line $LINENO: failed" >&2' ERR

# as runs a command as the person, who has a home and a runtime folder and no desktop.
as() { setpriv --reuid=1000 --regid=1000 --clear-groups env -i HOME=/home/ada XDG_RUNTIME_DIR=/run/user/1000 PATH=/home/ada/.local/bin:/usr/bin:/bin:/try LC_ALL=C.UTF-8 "$@"; }

make_person() {
  grep -q '^ada:' /etc/passwd || echo 'ada:x:1000:1000::/home/ada:/bin/sh' >>/etc/passwd
  grep -q '^ada:' /etc/group || echo 'ada:x:1000:' >>/etc/group
  install -d -m 700 -o 1000 -g 1000 /home/ada /run/user/1000
}

# files lists what is in the root, without what changes by itself.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /try -o -path /tmp -o -path /run -o -path /var/cache \
    -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/rpm -o -path /var/log -o -path /home/ada \) -prune -o -print | sort
}

says() { # text, command…: its output holds the text
  local text=$1 out
  shift
  out=$("$@" 2>&1) || { echo "$* ended with $?: $out" >&2; return 1; }
  grep -qF -- "$text" <<<"$out" || { echo "$* does not say '$text': $out" >&2; return 1; }
}

until_says() { # text, command…: it does within half a minute
  local n
  for n in $(seq 60); do says "$@" 2>/dev/null && return; sleep 0.5; done
  says "$@"
}

# sign_in starts an agent on the demo world and lets it in, with a store under a passphrase.
sign_in() {
  as tabferry --demo agent >/tmp/agent 2>&1 &
  until_says 'not signed in' as tabferry --demo status
  printf 'pass word\npass word\n' | as tabferry --demo unlock --keep passphrase >/dev/null 2>&1
  echo y | as tabferry --demo pair join "$(as tabferry demo show-code)" >/dev/null 2>&1
  until_says 'Signed in as demo@example.com' as tabferry --demo status
}

# begin_again starts an agent after the last one was killed, and shows that it found its store.
begin_again() {
  as tabferry --demo agent >/tmp/agent 2>&1 &
  until_says 'under a passphrase' as tabferry --demo status
  echo 'pass word' | as tabferry --demo unlock >/dev/null 2>&1
  until_says 'Signed in as demo@example.com' as tabferry --demo status
}

processes() { # command line: their numbers; a minimal root has no pgrep
  local dir
  for dir in /proc/[0-9]*; do
    if [ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" = "$1" ]; then echo "${dir#/proc/}"; fi
  done
}
kill_agent() {
  local id
  for id in $(processes 'tabferry --demo agent '); do
    kill -9 "$id"
    while [ -e "/proc/$id" ]; do sleep 0.1; done
  done
}

# gone compares what there is with what there was before.
gone() { # list from before
  local left
  left=$(comm -13 "$1" <(files))
  [ -z "$left" ] || { echo "left behind:" >&2; echo "$left" >&2; return 1; }
}
