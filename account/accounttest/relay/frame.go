package relay

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// The relay reads WebSocket frames (RFC 6455, section 5.2) itself, because it treats what a
// library hides: fragments, unanswered close frames and the size of a single frame.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xa

	opBinary = 0x2

	final  = 0x80
	masked = 0x80
	// maxControl is the largest payload of a control frame (RFC 6455, section 5.5).
	maxControl = 125
)

var errFrame = errors.New("relay: the frame is not allowed")

type input struct {
	opcode  byte
	payload []byte
}

// readFrame reads one frame. Fragments, oversized and unmasked frames are refused, which
// ends the connection.
func readFrame(r *bufio.Reader) (input, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return input{}, err
	}
	opcode, size := head[0]&0x0f, uint64(head[1]&^masked)
	if head[0] != final|opcode || head[1]&masked == 0 {
		return input{}, errFrame
	}
	switch opcode {
	case opText, opBinary:
	case opClose, opPing, opPong:
		if size > maxControl {
			return input{}, errFrame
		}
	default: // a continuation, or reserved
		return input{}, errFrame
	}
	if extra := map[uint64]int{126: 2, 127: 8}[size]; extra > 0 {
		var long [8]byte
		if _, err := io.ReadFull(r, long[8-extra:]); err != nil {
			return input{}, err
		}
		size = binary.BigEndian.Uint64(long[:])
	}
	if size > maxFrame {
		return input{}, errFrame
	}
	body := make([]byte, 4+size)
	if _, err := io.ReadFull(r, body); err != nil {
		return input{}, err
	}
	mask, payload := body[:4], body[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	if opcode == opText && !utf8.Valid(payload) {
		return input{}, errFrame
	}
	return input{opcode, payload}, nil
}

// frame makes an unmasked, unfragmented frame.
func frame(opcode byte, payload []byte) []byte {
	frame := []byte{final | opcode}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, byte(n))
	case n <= 0xffff:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, payload...)
}

// acceptKey checks a WebSocket handshake (RFC 6455, section 4.2.1) and gives the value of
// Sec-WebSocket-Accept.
func acceptKey(req *http.Request) (string, bool) {
	key := req.Header.Get("Sec-WebSocket-Key")
	raw, err := base64.StdEncoding.DecodeString(key)
	if req.Method != http.MethodGet || err != nil || len(raw) != 16 ||
		!strings.EqualFold(req.Header.Get("Upgrade"), "websocket") ||
		!strings.Contains(strings.ToLower(req.Header.Get("Connection")), "upgrade") ||
		req.Header.Get("Sec-WebSocket-Version") != "13" {
		return "", false
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, section 4.2.2
	return base64.StdEncoding.EncodeToString(sum[:]), true
}
