//go:build darwin || windows

package desktop

import "context"

// chooseFile leaves it to the toolkit's own chooser.
func chooseFile(context.Context, string, string, []string) (string, error) { return "", ErrNoChooser }
