# The archive for one person: installed, tried, installed once more over a running agent, removed.
. /try/lib.sh
make_person
command -v xz >/dev/null || apt-get -qq install --no-install-recommends xz-utils >/tmp/apt 2>&1
files >/tmp/before
rm -rf /tmp/tar && mkdir /tmp/tar && tar -C /tmp/tar -xf /try/tabferry-*.tar.xz && chown -R 1000:1000 /tmp/tar
as sh -c 'find ~ | sort' >/tmp/home

echo "install"
as sh -c 'cd /tmp/tar/*/ && ./install.sh' >/tmp/out
says "Tabferry $VERSION" as tabferry --version
[ "$(as sh -c 'command -v tabferry')" = /home/ada/.local/bin/tabferry ]
grep -q '^Exec="/home/ada/.local/bin/tabferry" window -- %U' /home/ada/.local/share/applications/*.desktop
sign_in

echo "install once more"
as sh -c 'cd /tmp/tar/*/ && ./install.sh' >/tmp/out
says 'Signed in as demo@example.com' as tabferry --demo status
kill_agent
begin_again
kill_agent

echo "remove, with an agent that runs and browsers that know it: what was stored stays"
as mkdir -p /home/ada/.mozilla /home/ada/.config/google-chrome
as sh -c 'find ~ | sort' >>/tmp/home && sort -o /tmp/home /tmp/home
as tabferry agent >/tmp/agent 2>&1 &
until_says 'not signed in' as tabferry status
as tabferry settings startAtLogin=true >/tmp/out
until_says tabferry as find /home/ada/.config/autostart -type f
says 'Google Chrome: connected' as tabferry extension install
as /home/ada/.local/share/tabferry/install.sh --uninstall >/tmp/out
[ -z "$(processes 'tabferry agent ')" ] || { echo "the agent goes on"; exit 1; }
as sh -c 'find ~ | sort' | comm -13 /tmp/home - | grep -v '/share/tabferry\(-demo\)\?\(/\|$\)' >/tmp/left || true
for file in installed install.sh; do [ ! -e "/home/ada/.local/share/tabferry/$file" ] || echo "$file" >>/tmp/left; done
printf '%s\n' /home/ada/.local /home/ada/.local/share >/tmp/may # what the data is in
printf '%s\n' /home/ada/.config/autostart /home/ada/.mozilla/native-messaging-hosts \
  /home/ada/.config/google-chrome/NativeMessagingHosts >>/tmp/may # folders of the desktop and of browsers
[ -z "$(grep -vxFf /tmp/may /tmp/left || true)" ] || { echo "left behind:"; cat /tmp/left; exit 1; }
[ -s /home/ada/.local/share/tabferry-demo/store.db ]
gone /tmp/before
