package clipboard

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	cfDIB = 8
	// fileHeader and minInfo are the sizes of BITMAPFILEHEADER and BITMAPINFOHEADER (wingdi.h).
	fileHeader = 14
	minInfo    = 40
	// biBitfields marks pixels with masks that follow a BITMAPINFOHEADER.
	biBitfields = 3
)

// systemPicture takes the registered form PNG, which browsers and screenshot programs offer, else
// the bitmap that Windows makes of any picture.
func systemPicture(context.Context) ([]byte, error) {
	defer lockThread()()
	c := new(windowsClipboard)
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicturesUnsupported, err)
	}
	defer closeClipboard.Call()
	name, err := windows.UTF16PtrFromString("PNG")
	if err != nil {
		return nil, err
	}
	if format, _, _ := registerFormat.Call(uintptr(unsafe.Pointer(name))); format != 0 {
		if picture := clipboardBytes(format); picture != nil {
			return picture, nil
		}
	}
	if bitmap := bitmapFile(clipboardBytes(cfDIB)); bitmap != nil {
		return bitmap, nil
	}
	return nil, ErrNoPicture
}

// clipboardBytes copies one form of the contents, nil when it is not there or too large.
func clipboardBytes(format uintptr) []byte {
	handle, _, _ := getClipboardData.Call(format)
	if handle == 0 {
		return nil
	}
	size, _, _ := globalSize.Call(handle)
	if size == 0 || size > maxPicture {
		return nil
	}
	memory, _, _ := globalLock.Call(handle)
	if memory == 0 {
		return nil
	}
	defer globalUnlock.Call(handle)
	return append([]byte(nil), unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&memory))), size)...)
}

// bitmapFile puts the header of a file before a bitmap of the clipboard; nil if it is none.
func bitmapFile(dib []byte) []byte {
	if len(dib) < minInfo {
		return nil
	}
	info := binary.LittleEndian.Uint32(dib)
	bits := binary.LittleEndian.Uint16(dib[14:])
	colors := binary.LittleEndian.Uint32(dib[32:])
	if colors == 0 && bits <= 8 {
		colors = 1 << bits
	}
	pixels := uint64(fileHeader) + uint64(info) + 4*uint64(colors)
	if info == minInfo && binary.LittleEndian.Uint32(dib[16:]) == biBitfields {
		pixels += 12
	}
	if info < minInfo || pixels > uint64(fileHeader+len(dib)) {
		return nil
	}
	file := make([]byte, fileHeader, fileHeader+len(dib))
	copy(file, "BM")
	binary.LittleEndian.PutUint32(file[2:], uint32(fileHeader+len(dib)))
	binary.LittleEndian.PutUint32(file[10:], uint32(pixels))
	return append(file, dib...)
}
