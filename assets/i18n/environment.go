package i18n

import "strings"

// fromEnvironment reads the wished languages as gettext does: the first of LC_ALL, LC_MESSAGES and
// LANG that is set counts, and LANGUAGE, a list, goes before it unless that one is the C locale.
// (GNU gettext manual, "The LANGUAGE variable".)
func fromEnvironment(getenv func(string) string) []string {
	var locale string
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale = getenv(name); locale != "" {
			break
		}
	}
	base := bcp47(locale)
	if base == "" {
		return nil
	}
	var wanted []string
	for _, l := range strings.Split(getenv("LANGUAGE"), ":") {
		if tag := bcp47(l); tag != "" {
			wanted = append(wanted, tag)
		}
	}
	return append(wanted, base)
}

// bcp47 turns a POSIX locale name ("de_AT.UTF-8@euro") into a language tag ("de-AT"); the C and
// POSIX locales, and what is empty, give "".
func bcp47(locale string) string {
	if i := strings.IndexAny(locale, ".@"); i >= 0 {
		locale = locale[:i]
	}
	if locale == "C" || locale == "POSIX" {
		return ""
	}
	return strings.ReplaceAll(locale, "_", "-")
}
