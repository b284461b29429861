//go:build linux

// Command tray is a tray icon and nothing else: what `make bench` holds the agent against. It uses the same
// module for it.
package main

import (
	"fyne.io/systray"

	"github.com/tabferry/tabferry/assets"
)

func main() {
	systray.Run(func() {
		systray.SetIcon(assets.TrayIcon(assets.TrayFine, assets.Color))
		systray.SetTitle("Bare")
		quit := systray.AddMenuItem("Quit", "")
		go func() {
			<-quit.ClickedCh
			systray.Quit()
		}()
	}, nil)
}
