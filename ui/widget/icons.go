package widget

import (
	"embed"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// drawings are our own icons, on a grid of 24 units; the rest comes from Fyne's set.
//
//go:embed icons/*.svg
var drawings embed.FS

// Icon returns the icon of a name in a colour of the theme; an unknown name has an empty one.
func Icon(name string, c fyne.ThemeColorName) fyne.Resource {
	switch name {
	case "account":
		return theme.NewColoredResource(theme.AccountIcon(), c)
	case "settings":
		return theme.NewColoredResource(theme.SettingsIcon(), c)
	case "login":
		return theme.NewColoredResource(facing(name, theme.LoginIcon().Content()), c)
	}
	drawing, err := drawings.ReadFile("icons/" + name + ".svg")
	if err != nil {
		drawing = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"></svg>`)
	}
	return theme.NewColoredResource(facing(name, drawing), c)
}
