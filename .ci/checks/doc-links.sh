#!/usr/bin/env bash
# Reports references to the project's documents that lead nowhere: a file that does not exist, or a
# numbered section without a heading. Code writes "docs/protocol/push.md §7", the files of
# docs/protocol write "push.md §7" to each other; a line break may stand within.
# Run from the project's root. Exit 0 when every reference leads somewhere; the last line is the count.
set -u
name='[A-Za-z0-9_-]+\.md'
sections=',? ?§§?[0-9]+(\.[0-9]+)*((, | and | or |-|–)§?[0-9]+(\.[0-9]+)*)*'
total=0 broken=0
lost() { broken=$((broken + 1)); echo "$1: $2"; }
check() { # file that refers, document, numbers
  local number
  total=$((total + 1))
  [[ -f $2 ]] || { lost "$1" "there is no $2"; return; }
  for number in $(grep -oE '[0-9]+(\.[0-9]+)*' <<<"$3"); do
    grep -qE "^#+ ${number//./\\.}[. ]" "$2" || lost "$1" "$2 has no section $number"
  done
}
references() { # file, pattern of documents: "document <tab> numbers" a line
  tr '\n' ' ' <"$1" | sed -E 's,[[:space:]]+(//|#|\*)?[[:space:]]*, ,g; s/`//g' |
    grep -oE "(^|[^/A-Za-z0-9_-])$2($sections)?" | sed -E 's/^[^A-Za-z0-9]//; s/,? ?§/\t§/'
}
while IFS= read -r file; do
  while IFS=$'\t' read -r document numbers; do
    check "$file" "$document" "${numbers:-}"
  done < <(references "$file" "docs/(protocol/)?$name")
done < <(git grep -lE "docs/(protocol/)?$name" -- ':!.ci' ':!docs/protocol')
for file in docs/protocol/*.md; do
  while IFS=$'\t' read -r document numbers; do
    [[ -z ${numbers:-} ]] || check "$file" "docs/protocol/$document" "$numbers"
  done < <(references "$file" "$name")
done
# The documents' links to files.
while IFS= read -r file; do
  while IFS= read -r target; do
    total=$((total + 1))
    [[ -e $(dirname "$file")/$target ]] || lost "$file" "there is no $target"
  done < <(grep -oE '\]\([^)#:]+(#[^)]*)?\)' "$file" | sed -E 's/^\]\(//; s/(#.*)?\)$//')
done < <(git ls-files '*.md')
echo "$total references, $broken lead nowhere"
[[ $broken == 0 ]]
