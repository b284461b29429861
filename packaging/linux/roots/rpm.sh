# The rpm packages, in a root with a database of rpm's own. Debian's rpm does not know what provides the
# libraries, so the window is installed without asking for them; and nobody in it owns the folders that a
# distribution's own packages own (filesystem, hicolor-icon-theme), so only folders with our name count.
. /try/lib.sh
make_person
rpm --initdb
files >/tmp/before

echo "install the lean package alone: it asks for nothing"
rpm -i /try/old/tabferry-0*.rpm
says 'Tabferry 0.0.9' as tabferry --version
rpm -V tabferry
sign_in

echo "upgrade it with the agent running, and install the window"
rpm -U /try/new/tabferry-0*.rpm
rpm -i --nodeps /try/new/tabferry-window-0*.rpm
rpm -V --nodeps tabferry tabferry-window
says "Tabferry $VERSION" as tabferry --version
says 'Signed in as demo@example.com' as tabferry --demo status
kill_agent
begin_again
kill_agent

echo "remove: nothing is left but the person's data"
rpm -e tabferry-window tabferry
find / -xdev \( -path /proc -o -path /try -o -path /tmp -o -path /home/ada -o -path /run -o -path /var/lib/dpkg \) -prune \
  -o -type d ! -iname '*tabferry*' -print | sort >/tmp/folders
cat /tmp/before /tmp/folders | sort -u >/tmp/may
gone /tmp/may
[ -s /home/ada/.local/share/tabferry-demo/store.db ]
