package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// shape returns the drawing of one of our own icons, on a grid of 24 units; the rest comes from
// Fyne's set.
func shape(name string) string {
	switch name {
	case "laptop":
		return `<path d="M5 5h14a1 1 0 0 1 1 1v9H4V6a1 1 0 0 1 1-1zm1.5 2v6.5h11V7zM2 16.500h20V18a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z"/>`
	case "phone":
		return `<path d="M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm0 3.500v12h8v-12zm3 13.700v1.300h2v-1.300z"/>`
	case "tablet":
		return `<path d="M5 2h14a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm.200 2.500v13.200h13.600V4.500zM11 19v1.300h2V19z"/>`
	case "tv":
		return `<path d="M3 4h18a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm1 2v10h16V6zM7 19.300h10V21H7z"/>`
	case "headset":
		return `<path d="M4 6h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-4.500l-1.900-3.200h-3.200L8.500 18H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zm3.200 4a2 2 0 1 0 .010 0zm9.600 0a2 2 0 1 0 .010 0z"/>`
	case "device":
		return `<path d="M4 4h11a1 1 0 0 1 1 1v3h4a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-2H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm1 2v9h8V9a1 1 0 0 1 1-1V6zm10 4v7.500h4V10zM6 18.300h5V20H6z"/>`
	case "inbox":
		return `<path d="M5.500 4h13a1.500 1.500 0 0 1 1.400 1l2.100 8v5.500a1.500 1.500 0 0 1-1.500 1.500h-17A1.500 1.500 0 0 1 2 18.500V13l2.100-8a1.500 1.500 0 0 1 1.400-1zm.700 2l-1.800 7H9a3 3 0 0 0 6 0h4.600l-1.800-7z"/>`
	case "send":
		return `<path d="M3 4l19 8-19 8v-6.300L14 12 3 10.300z"/>`
	case "code":
		return `<path d="M3 3h8v8H3zm2 2v4h4V5zm8-2h8v8h-8zm2 2v4h4V5zM3 13h8v8H3zm2 2v4h4v-4zm8-2h3v3h-3zm5 0h3v3h-3zm-2.500 2.500h3v3h-3zM13 18h3v3h-3zm5 0h3v3h-3z"/>`
	case "tab":
		return `<path d="M4 4h16a1.500 1.500 0 0 1 1.500 1.500v13A1.500 1.500 0 0 1 20 20H4a1.500 1.500 0 0 1-1.500-1.500v-13A1.500 1.500 0 0 1 4 4zm.500 5v9h15V9zm.800-3.200v1.500h1.500V5.800zm3 0v1.500h1.500V5.800z"/>`
	case "lock":
		return `<path d="M12 2a5 5 0 0 1 5 5v3h1a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2h1V7a5 5 0 0 1 5-5zm0 2a3 3 0 0 0-3 3v3h6V7a3 3 0 0 0-3-3zm0 10a1.800 1.800 0 0 0-1 3.300V19h2v-1.700a1.800 1.800 0 0 0-1-3.300z"/>`
	case "clock":
		return `<path d="M12 2a10 10 0 1 1-.010 0zm0 2a8 8 0 1 0 .010 0zm-1 3h2v4.600l3.200 3.200-1.400 1.400L11 12.400z"/>`
	case "globe":
		return `<path d="M12 2a10 10 0 1 1-.010 0zm0 2.200c-.900 1-1.800 2.700-2.200 4.800h4.400c-.400-2.100-1.300-3.800-2.200-4.800zM8.600 4.800A8 8 0 0 0 5 9h2.700c.200-1.500.500-3 .900-4.200zm6.800 0c.400 1.200.700 2.700.900 4.200H19a8 8 0 0 0-3.600-4.200zM4.300 11a8 8 0 0 0 0 2h3.200a21 21 0 0 1 0-2zm5.200 0a19 19 0 0 0 0 2h5a19 19 0 0 0 0-2zm7 0a21 21 0 0 1 0 2h3.200a8 8 0 0 0 0-2zM5 15a8 8 0 0 0 3.600 4.200c-.400-1.200-.700-2.700-.900-4.200zm4.800 0c.400 2.100 1.300 3.800 2.200 4.800.900-1 1.800-2.700 2.200-4.800zm6.500 0c-.200 1.500-.500 3-.900 4.200A8 8 0 0 0 19 15z"/>`
	case "bell_off":
		return `<path d="M12 3a1.300 1.300 0 0 1 1.300 1.300v.400A6 6 0 0 1 18 10.500V14l2 2.500V18h-.300L7.300 5.600A6 6 0 0 1 10.700 4.700v-.400A1.300 1.300 0 0 1 12 3zM4.400 3.200l16.400 16.400-1.400 1.400-3-3H4v-1.500L6 14v-3.500c0-.700.100-1.300.300-1.900L3 4.600zM10 19.500h4a2 2 0 0 1-4 0z"/>`
	case "tick":
		return `<path d="M9.500 17.600L4 12.100l1.700-1.700 3.800 3.800L18.300 5.400 20 7.100z"/>`
	case "ticks":
		return `<path d="M6.800 17.600L1.500 12.300l1.600-1.600 3.700 3.700 1-1 1.600 1.600zM12.300 17.600l-5.300-5.300 1.600-1.600 3.700 3.700 8.600-8.600 1.600 1.600z"/>`
	case "dot":
		return `<path d="M12 7a5 5 0 1 1-.010 0z"/>`
	}
	return ""
}

// Icon returns the icon of a name in a colour of the theme.
func Icon(name string, c fyne.ThemeColorName) fyne.Resource {
	switch name {
	case "account":
		return theme.NewColoredResource(theme.AccountIcon(), c)
	case "settings":
		return theme.NewColoredResource(theme.SettingsIcon(), c)
	case "login":
		return theme.NewColoredResource(theme.LoginIcon(), c)
	}
	svg := `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">` + shape(name) + `</svg>`
	return theme.NewColoredResource(fyne.NewStaticResource("widget-"+name+".svg", []byte(svg)), c)
}
