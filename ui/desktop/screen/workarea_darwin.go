package screen

import "image"

// workArea is not asked for: macOS keeps windows within the screen.
func workArea() (image.Rectangle, error) { return image.Rectangle{}, ErrUnavailable }
