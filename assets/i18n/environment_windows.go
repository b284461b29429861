package i18n

import (
	"os"

	"golang.org/x/sys/windows"
)

// systemLanguages returns the languages the user wishes, best first: the environment when somebody
// took the trouble to set it, else the display languages of Windows.
func systemLanguages() []string {
	if wanted := fromEnvironment(os.Getenv); len(wanted) > 0 {
		return wanted
	}
	languages, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil // English, the last resort of New
	}
	return languages
}
