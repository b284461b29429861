package screen

import (
	"context"
	"fmt"
	"image"
	"unsafe"

	"golang.org/x/sys/windows"
)

// GDI constants (wingdi.h, winuser.h).
const (
	smXVirtualScreen  = 76
	smYVirtualScreen  = 77
	smCXVirtualScreen = 78
	smCYVirtualScreen = 79
	srcCopy           = 0x00cc0020
	captureBlt        = 0x40000000
	biRGB             = 0
)

// bitmapInfoHeader is BITMAPINFOHEADER.
type bitmapInfoHeader struct {
	size          uint32
	width, height int32
	planes, bits  uint16
	compression   uint32
	sizeImage     uint32
	xPels, yPels  int32
	used, needed  uint32
}

// grab copies the virtual screen, which spans all monitors, by GDI.
func grab(ctx context.Context) (image.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	user, gdi := windows.NewLazySystemDLL("user32.dll"), windows.NewLazySystemDLL("gdi32.dll")
	metric := func(which uintptr) int32 {
		v, _, _ := user.NewProc("GetSystemMetrics").Call(which)
		return int32(v)
	}
	x, y := metric(smXVirtualScreen), metric(smYVirtualScreen)
	width, height := metric(smCXVirtualScreen), metric(smCYVirtualScreen)
	if width <= 0 || height <= 0 {
		return nil, ErrUnavailable
	}
	failed := func(step string, err error) error { return fmt.Errorf("%w: %s: %w", ErrUnavailable, step, err) }
	screen, _, err := user.NewProc("GetDC").Call(0)
	if screen == 0 {
		return nil, failed("GetDC", err)
	}
	defer user.NewProc("ReleaseDC").Call(0, screen)
	memory, _, err := gdi.NewProc("CreateCompatibleDC").Call(screen)
	if memory == 0 {
		return nil, failed("CreateCompatibleDC", err)
	}
	defer gdi.NewProc("DeleteDC").Call(memory)
	bitmap, _, err := gdi.NewProc("CreateCompatibleBitmap").Call(screen, uintptr(width), uintptr(height))
	if bitmap == 0 {
		return nil, failed("CreateCompatibleBitmap", err)
	}
	defer gdi.NewProc("DeleteObject").Call(bitmap)
	old, _, err := gdi.NewProc("SelectObject").Call(memory, bitmap)
	if old == 0 {
		return nil, failed("SelectObject", err)
	}
	ok, _, err := gdi.NewProc("BitBlt").Call(memory, 0, 0, uintptr(width), uintptr(height), screen, uintptr(x), uintptr(y), srcCopy|captureBlt)
	gdi.NewProc("SelectObject").Call(memory, old) // GetDIBits wants the bitmap free
	if ok == 0 {
		return nil, failed("BitBlt", err)
	}
	head := bitmapInfoHeader{width: width, height: -height, planes: 1, bits: 32, compression: biRGB} // negative: top line first
	head.size = uint32(unsafe.Sizeof(head))
	img := image.NewRGBA(image.Rect(0, 0, int(width), int(height)))
	lines, _, err := gdi.NewProc("GetDIBits").Call(screen, bitmap, 0, uintptr(height),
		uintptr(unsafe.Pointer(&img.Pix[0])), uintptr(unsafe.Pointer(&head)), 0)
	if int32(lines) != height {
		return nil, failed("GetDIBits", err)
	}
	for i := 0; i < len(img.Pix); i += 4 { // blue, green, red, unused
		img.Pix[i], img.Pix[i+2], img.Pix[i+3] = img.Pix[i+2], img.Pix[i], 0xff
	}
	return img, nil
}
