//go:build !windows

package i18n

import "os"

// systemLanguages returns the languages the user wishes, best first.
func systemLanguages() []string { return fromEnvironment(os.Getenv) }
