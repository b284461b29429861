// Package tray is the tray face: an icon that says how things are and a menu that sends the copied
// link in two clicks.
//
// What the menu holds is a pure function of the agent's snapshot, the copied link and the time
// ([Menu]), as are the icon and its tooltip ([Icon], [Tooltip]). [Run] keeps the real menu in step
// with them until the program quits. It must be called on the main goroutine: Windows and macOS
// let no other handle the tray.
//
//	err := tray.Run(ctx, tray.Params{Agent: client, Clipboard: clipboard, Open: …, Show: …})
package tray
