#!/usr/bin/env bash
# Reports which exported methods of account.Account do not end their doc comment with where they
# come from: the endpoint ("POST /v1/…") or "No request"; the method of Mozilla's component
# ("fxa-client get_devices") or "not in fxa-client"; and the section ("§6.3") or RFC they follow.
# Run from the project's root. Exit 0 when none is missing; the last line is the count.
set -u
doc=$(go doc -all ./account) || exit 1
# the last paragraph of each method, on one line behind its name
awk '
  function done() {
    if (name == "") return
    total++
    if (last ~ /(^|[ (])(GET|POST) \/|^No request/ && last ~ /; (fxa-client [a-z][a-z_]+|not in fxa-client); / &&
        last ~ /; [^;]*(§[0-9]|RFC [0-9])[^;]*\.$/) { name = ""; return }
    print "no endpoint, component name and section at the end: Account." name; missing++; name = ""
  }
  /^func \(([a-z]+ )?\*?Account\) [A-Z]/ { done(); name = $0; sub(/^func \([^)]*\) /, "", name); sub(/\(.*/, "", name); last = ""; fresh = 1; next }
  /^[^ ]/ { done() }
  /^ *$/ { fresh = 1; next }
  name != "" { sub(/^ +/, ""); last = fresh ? $0 : last " " $0; fresh = 0 }
  END { done(); print total - missing "/" total " methods of Account say what they follow"; exit missing > 0 || total == 0 }
' <<<"$doc"
