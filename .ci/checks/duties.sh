#!/usr/bin/env bash
# Reports duties of a relying party (docs/duties.md) that are missing there, and files and tests that
# the page names and that do not exist. Run from the project's root.
# Exit 0 when all are there; the last line is the count.
set -u
page=docs/duties.md
total=0 broken=0
lost() { broken=$((broken + 1)); echo "$page: $1"; }
for n in $(seq 1 21); do
  total=$((total + 1))
  grep -qE "^\| D$n \|" "$page" || lost "D$n is missing"
done
while IFS= read -r name; do
  total=$((total + 1))
  file=${name%%:*} test=${name#*:}
  if [[ ! -f $file ]]; then
    lost "there is no $file"
  elif [[ $test != "$name" ]] && ! grep -qE "^func $test\(" "$file"; then
    lost "$file has no $test"
  fi
done < <(grep -oE '`[a-z][A-Za-z0-9_./-]*\.go(:(Test|Fuzz)[A-Za-z0-9_]+)?`' "$page" | tr -d '`' | sort -u)
echo "$total duties, files and tests, $broken missing"
[[ $broken == 0 && $total -gt 60 ]]
