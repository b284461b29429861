package screen

import "image"

// WorkArea returns the part of the main monitor that panels leave to windows, in pixels of the screen, or
// [ErrUnavailable] where the system does not say and places windows by itself (Wayland, macOS).
func WorkArea() (image.Rectangle, error) { return workArea() }
