package desktop

import (
	"os"

	"golang.org/x/sys/windows"
)

// alert shows a message box unless there is a standard error.
func alert(words string) {
	kind, err := windows.GetFileType(windows.Handle(os.Stderr.Fd()))
	if err == nil && kind != windows.FILE_TYPE_UNKNOWN {
		return
	}
	text, textErr := windows.UTF16PtrFromString(words)
	title, titleErr := windows.UTF16PtrFromString("Tabferry")
	if textErr == nil && titleErr == nil {
		_, _ = windows.MessageBox(0, text, title, windows.MB_OK|windows.MB_ICONERROR|windows.MB_SETFOREGROUND) // the last resort
	}
}
