package clipboard

import (
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// clipboardStep is how often the sequence number is asked for. Asking costs a system call and
// touches nobody; a listener would need a window with a message loop.
const clipboardStep = 500 * time.Millisecond

// windowsClipboard polls the clipboard's sequence number and reads when it has changed.
type windowsClipboard struct {
	changed chan struct{}
	quit    chan struct{}
	polling sync.WaitGroup
	mu      sync.Mutex
	text    string
	use     sync.Mutex // the clipboard is open for one of us at a time
}

const (
	cfUnicodeText = 13
	gmemMoveable  = 2
	openTries     = 10 // another program may hold the clipboard open for a moment
	openStep      = 10 * time.Millisecond
)

var (
	user32           = windows.NewLazySystemDLL("user32.dll")
	kernel32         = windows.NewLazySystemDLL("kernel32.dll")
	openClipboard    = user32.NewProc("OpenClipboard")
	closeClipboard   = user32.NewProc("CloseClipboard")
	emptyClipboard   = user32.NewProc("EmptyClipboard")
	getClipboardData = user32.NewProc("GetClipboardData")
	setClipboardData = user32.NewProc("SetClipboardData")
	registerFormat   = user32.NewProc("RegisterClipboardFormatW")
	isFormat         = user32.NewProc("IsClipboardFormatAvailable")
	sequenceNumber   = user32.NewProc("GetClipboardSequenceNumber")
	globalAlloc      = kernel32.NewProc("GlobalAlloc")
	globalFree       = kernel32.NewProc("GlobalFree")
	globalLock       = kernel32.NewProc("GlobalLock")
	globalUnlock     = kernel32.NewProc("GlobalUnlock")
	globalSize       = kernel32.NewProc("GlobalSize")
)

// Open returns the clipboard.
func Open() (Clipboard, error) {
	if err := sequenceNumber.Find(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c := &windowsClipboard{changed: make(chan struct{}, 1), quit: make(chan struct{})}
	c.polling.Go(c.poll)
	return c, nil
}

func (c *windowsClipboard) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

func (c *windowsClipboard) Changed() <-chan struct{} { return c.changed }

func (c *windowsClipboard) Close() error {
	close(c.quit)
	c.polling.Wait()
	return nil
}

func (c *windowsClipboard) poll() {
	defer close(c.changed)
	ticker := time.NewTicker(clipboardStep)
	defer ticker.Stop()
	var last uintptr
	for {
		if now, _, _ := sequenceNumber.Call(); now != last {
			if text, err := c.read(); err == nil {
				last = now
				c.mu.Lock()
				differs := c.text != text
				c.text = text
				c.mu.Unlock()
				if differs {
					signal(c.changed)
				}
			}
		}
		select {
		case <-ticker.C:
		case <-c.quit:
			return
		}
	}
}

// open opens the clipboard for this process; it must be closed on the same thread, so callers lock it.
func (c *windowsClipboard) open() error {
	for range openTries {
		if ok, _, _ := openClipboard.Call(0); ok != 0 {
			return nil
		}
		time.Sleep(openStep)
	}
	return errors.New("clipboard: another program holds it open")
}

// read returns the text, empty when there is none or it is a password.
func (c *windowsClipboard) read() (string, error) {
	c.use.Lock()
	defer c.use.Unlock()
	defer lockThread()()
	if err := c.open(); err != nil {
		return "", err
	}
	defer closeClipboard.Call()
	// Password managers put this format beside the text (Microsoft, "Clipboard Formats").
	secret, err := windows.UTF16PtrFromString("ExcludeClipboardContentFromMonitorProcessing")
	if err != nil {
		return "", err
	}
	if format, _, _ := registerFormat.Call(uintptr(unsafe.Pointer(secret))); format != 0 {
		if marked, _, _ := isFormat.Call(format); marked != 0 {
			return "", nil
		}
	}
	handle, _, _ := getClipboardData.Call(cfUnicodeText)
	if handle == 0 {
		return "", nil
	}
	size, _, _ := globalSize.Call(handle)
	if size == 0 || size > 2*maxText {
		return "", nil
	}
	memory, _, _ := globalLock.Call(handle)
	if memory == 0 {
		return "", errors.New("clipboard: its memory cannot be read")
	}
	defer globalUnlock.Call(handle)
	units := unsafe.Slice((*uint16)(*(*unsafe.Pointer)(unsafe.Pointer(&memory))), size/2)
	return windows.UTF16ToString(units), nil
}

// SetText puts a text on the clipboard, where it stays.
func (c *windowsClipboard) SetText(text string) error {
	units, err := windows.UTF16FromString(text)
	if err != nil {
		return fmt.Errorf("clipboard: %w", err)
	}
	c.use.Lock()
	defer c.use.Unlock()
	defer lockThread()()
	if err := c.open(); err != nil {
		return err
	}
	defer closeClipboard.Call()
	if ok, _, err := emptyClipboard.Call(); ok == 0 {
		return fmt.Errorf("clipboard: %w", err)
	}
	handle, _, err := globalAlloc.Call(gmemMoveable, uintptr(2*len(units)))
	if handle == 0 {
		return fmt.Errorf("clipboard: %w", err)
	}
	memory, _, err := globalLock.Call(handle)
	if memory == 0 {
		globalFree.Call(handle)
		return fmt.Errorf("clipboard: %w", err)
	}
	copy(unsafe.Slice((*uint16)(*(*unsafe.Pointer)(unsafe.Pointer(&memory))), len(units)), units)
	globalUnlock.Call(handle)
	if ok, _, err := setClipboardData.Call(cfUnicodeText, handle); ok == 0 {
		globalFree.Call(handle)
		return fmt.Errorf("clipboard: %w", err)
	}
	return nil // the memory is the clipboard's now
}
