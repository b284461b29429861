// Package desktop is the seam to the operating system: the single instance, opening links, starting
// at login, tray hosts, logs, other programs of ours. Rooms of their own below it are session (where
// this process runs), clipboard and screen.
//
// Everything else in the program is portable; what differs between Linux, Windows and macOS is
// decided here, in files named after the concept with the system's name behind it. The packages
// keep no state of their own and hold no toolkit.
package desktop

// AppID is the application's identity: desktop files, keyring service, notifications.
const AppID = "io.github.tabferry.Tabferry"
