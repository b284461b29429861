//go:build linux && !ci && !desktop && !headless

// Command window is a window with a label, or with the toolkit's list of so many lines, and nothing else: what
// `make bench` holds Tabferry's window against. It uses the same toolkit, built with the same flags,
// and only by the bench: with the flags of tests its OpenGL would be compiled once more.
package main

import (
	"os"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	a := app.NewWithID("io.github.tabferry.Bare")
	w := a.NewWindow("Bare")
	w.SetContent(content(os.Args[1:]))
	w.Resize(fyne.NewSize(760, 540))
	w.ShowAndRun()
}

// content is a list of as many lines as the first argument says, or a label.
func content(args []string) fyne.CanvasObject {
	if len(args) == 0 {
		return widget.NewLabel("A window")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		panic(err) // whoever starts it writes a number
	}
	return widget.NewList(func() int { return n },
		func() fyne.CanvasObject { return widget.NewLabel("") },
		func(i widget.ListItemID, line fyne.CanvasObject) {
			if label, ok := line.(*widget.Label); ok {
				label.SetText("Line " + strconv.Itoa(i))
			}
		})
}
