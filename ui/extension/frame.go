package extension

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The bounds of frames, in bytes. Browsers take a million and a little from a host.
const (
	maxRequest = 256 << 10
	maxAnswer  = 1_000_000
)

// headerSize is the length before a frame: 32 bits in the machine's byte order.
const headerSize = 4

// errTooLarge says that a frame is longer than the host reads.
var errTooLarge = errors.New("the frame is too long")

// readFrame reads one frame. io.EOF: the input ended between two frames. The length is judged before anything
// is read or set aside for it.
func readFrame(r io.Reader) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	size := binary.NativeEndian.Uint32(header[:])
	if size > maxRequest {
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, size)
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(r, frame); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return frame, nil
}

// writeFrame writes one frame in one go.
func writeFrame(w io.Writer, text []byte) error {
	if len(text) >= maxAnswer {
		return fmt.Errorf("%w: %d bytes", errTooLarge, len(text))
	}
	frame := binary.NativeEndian.AppendUint32(make([]byte, 0, headerSize+len(text)), uint32(len(text))) // #nosec G115 -- bounded above
	_, err := w.Write(append(frame, text...))
	return err
}
