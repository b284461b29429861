package clipboard

import "context"

// systemPicture would need cgo: only Objective-C can ask the pasteboard for a picture.
func systemPicture(context.Context) ([]byte, error) {
	return nil, ErrPicturesUnsupported
}
