package desktop

// TrayHost reports whether the desktop shows tray icons.
type TrayHost string

// What is known about the desktop's tray.
const (
	TrayHostPresent TrayHost = "present"
	TrayHostAbsent  TrayHost = "absent"  // a desktop without one, such as GNOME without its extension
	TrayHostUnknown TrayHost = "unknown" // no session bus to ask on
)
