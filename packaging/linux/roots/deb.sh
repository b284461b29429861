# The deb packages: installed, tried, upgraded under a running agent, removed, purged.
. /try/lib.sh
make_person
files >/tmp/before

echo "install the lean package alone: it pulls nothing"
apt-get -qq install --no-install-recommends /try/old/tabferry_*.deb >/tmp/apt 2>&1
[ "$(grep -c '^Setting up' /tmp/apt)" = 1 ] || { cat /tmp/apt; exit 1; }
says 'Tabferry 0.0.9' as tabferry --version
dpkg -V tabferry
as env PATH=/usr/bin tabferry --demo agent >/tmp/demo 2>&1 && exit 1
grep -qF tabferry-demo /tmp/demo
sign_in

echo "upgrade it with the agent running, and install the window"
apt-get -qq install --no-install-recommends /try/new/*.deb >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }
says "Tabferry $VERSION" as tabferry --version
dpkg -V tabferry tabferry-window
! ldd /usr/bin/tabferry-window | grep 'not found'
! ldd /usr/bin/tabferry >/dev/null 2>&1 # static
says 'Signed in as demo@example.com' as tabferry --demo status
as tabferry --demo send --to 'Demo phone' --wait 20s https://example.org/after-the-upgrade >/dev/null
kill_agent
begin_again
says after-the-upgrade as tabferry --demo outbox

echo "the window says in a word that there is no display"
as tabferry window >/tmp/window 2>&1 && exit 1
[ "$(wc -l </tmp/window)" = 1 ] || { cat /tmp/window; exit 1; }

echo "remove: the agent goes on until it is told, the person's data stays"
kill_agent
apt-get -qq remove tabferry tabferry-window >/tmp/apt 2>&1
left=$(find / -xdev \( -path /proc -o -path /try -o -path /tmp -o -path /home/ada -o -path /run -o -path /var/lib/dpkg \) -prune -o -iname '*tabferry*' -print)
[ "$left" = /etc/chromium/native-messaging-hosts/io.github.tabferry.tabferry.json ] || { echo "left behind: $left"; exit 1; } # configuration

echo "purge: nothing is left"
apt-get -qq purge tabferry tabferry-window >/tmp/apt 2>&1
apt-get -qq autoremove --purge >/tmp/apt 2>&1
gone /tmp/before
[ -s /home/ada/.local/share/tabferry-demo/store.db ]
