// Package desktop is the seam to the operating system: folders, the single instance, opening
// links, the clipboard, starting at login, displays and tray hosts, other programs of ours.
//
// Everything else in the program is portable; what differs between Linux, Windows and macOS is
// decided here, in files named after the concept with the system's name behind it. The package
// keeps no state of its own and holds no toolkit.
package desktop
