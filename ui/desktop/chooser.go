package desktop

import (
	"context"
	"errors"
)

// ErrNoChooser says that the desktop offers no file chooser of its own to us.
var ErrNoChooser = errors.New("the desktop offers no file chooser")

// ChooseFile lets the person choose one file in the desktop's own chooser, with a title and for names that
// end in one of the endings (".png"); no endings are for all. The path is empty when the person thought
// better of it. [ErrNoChooser] where there is none.
func ChooseFile(ctx context.Context, title, kind string, endings []string) (path string, err error) {
	return chooseFile(ctx, title, kind, endings)
}

// SaveFile lets the person say in the desktop's own chooser, with a title, where a file is to be written, for which a
// name is offered. Path and error are as of [ChooseFile].
func SaveFile(ctx context.Context, title, name string) (path string, err error) {
	return saveFile(ctx, title, name)
}
