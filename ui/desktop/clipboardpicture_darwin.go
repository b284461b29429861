package desktop

import "context"

// clipboardPicture would need cgo: only Objective-C can ask the pasteboard for a picture.
func clipboardPicture(context.Context) ([]byte, error) {
	return nil, ErrClipboardPicturesUnsupported
}
