package screen

import (
	"fmt"
	"image"
	"unsafe"

	"golang.org/x/sys/windows"
)

const spiGetWorkArea = 0x0030 // winuser.h

// workArea asks SystemParametersInfo for the work area of the primary monitor.
func workArea() (image.Rectangle, error) {
	var area struct{ left, top, right, bottom int32 } // RECT
	call := windows.NewLazySystemDLL("user32.dll").NewProc("SystemParametersInfoW")
	if ok, _, err := call.Call(spiGetWorkArea, 0, uintptr(unsafe.Pointer(&area)), 0); ok == 0 { // #nosec G103 -- the call fills it
		return image.Rectangle{}, fmt.Errorf("%w: SystemParametersInfo: %w", ErrUnavailable, err)
	}
	return image.Rect(int(area.left), int(area.top), int(area.right), int(area.bottom)), nil
}
