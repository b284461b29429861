//go:build darwin || windows

package desktop

import "context"

// chooseFile and saveFile leave it to the toolkit's own chooser.
func chooseFile(context.Context, string, string, []string) (string, error) { return "", ErrNoChooser }

func saveFile(context.Context, string, string) (string, error) { return "", ErrNoChooser }
