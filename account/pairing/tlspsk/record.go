package tlspsk

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Record content types (RFC 8446, section 5.1).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
)

// MaxPlaintext is the largest payload of one record (RFC 8446, section 5.1).
const MaxPlaintext = 1 << 14

const (
	headerSize    = 5
	tagSize       = 16
	maxCiphertext = MaxPlaintext + 256 // RFC 8446, section 5.2
	// maxRecords is where the peers of this channel stop using a key; AES-GCM would allow
	// 2^24.5 records (RFC 8446, section 5.5).
	maxRecords = 1 << 24
)

// halfConn protects one direction. With aead nil records travel in the clear.
type halfConn struct {
	aead cipher.AEAD
	iv   [ivSize]byte
	seq  uint64
}

// setSecret begins a new key with the keys of a traffic secret; the sequence begins at zero.
func (h *halfConn) setSecret(traffic []byte) error {
	key := expandLabel(traffic, "key", nil, keySize)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("tlspsk: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return fmt.Errorf("tlspsk: %w", err)
	}
	iv := expandLabel(traffic, "iv", nil, ivSize)
	defer clear(iv)
	h.aead, h.seq = aead, 0
	copy(h.iv[:], iv)
	return nil
}

func (h *halfConn) wipe() {
	h.aead = nil
	clear(h.iv[:])
}

// nonce is the IV combined with the sequence number (RFC 8446, section 5.3).
func (h *halfConn) nonce() []byte {
	nonce := h.iv
	tail := nonce[ivSize-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^h.seq)
	return nonce[:]
}

// seal makes one record. ChangeCipherSpec is never encrypted.
func (h *halfConn) seal(contentType byte, content []byte) ([]byte, error) {
	if len(content) > MaxPlaintext {
		return nil, &AlertError{Alert: InternalError}
	}
	if h.aead == nil || contentType == typeChangeCipherSpec {
		return append(header(contentType, len(content)), content...), nil
	}
	if h.seq >= maxRecords {
		return nil, &AlertError{Alert: InternalError}
	}
	record := header(typeApplicationData, len(content)+1+tagSize)
	inner := append(append(make([]byte, 0, len(content)+1), content...), contentType)
	record = h.aead.Seal(record, h.nonce(), inner, record[:headerSize])
	h.seq++
	return record, nil
}

func header(contentType byte, length int) []byte {
	record := make([]byte, 0, headerSize+length)
	record = append(record, contentType, 3, 3)
	return binary.BigEndian.AppendUint16(record, uint16(length)) // #nosec G115 -- a record has at most 2^14 + 256 bytes
}

// open takes one record apart. Lengths are judged before contents.
func (h *halfConn) open(record []byte) (contentType byte, content []byte, err error) {
	encrypted := h.aead != nil
	s := cryptobyte.String(record)
	var version, length uint16
	if !s.ReadUint8(&contentType) || !s.ReadUint16(&version) || !s.ReadUint16(&length) {
		return 0, nil, refuse(DecodeError)
	}
	// The first flight of an older stack may carry 0x0301 (RFC 8446, section 5.1).
	if version != 0x0303 && (encrypted || version != 0x0301) {
		return 0, nil, refuse(DecodeError)
	}
	limit := MaxPlaintext
	if encrypted && contentType == typeApplicationData {
		limit = maxCiphertext
	}
	if int(length) > limit {
		return 0, nil, refuse(RecordOverflow)
	}
	var fragment []byte
	if !s.ReadBytes(&fragment, int(length)) || !s.Empty() {
		return 0, nil, refuse(DecodeError)
	}
	switch {
	case contentType == typeChangeCipherSpec, !encrypted:
		return contentType, fragment, nil
	case contentType != typeApplicationData:
		return 0, nil, refuse(DecodeError)
	}
	return h.decrypt(record[:headerSize], fragment)
}

func (h *halfConn) decrypt(header, fragment []byte) (contentType byte, content []byte, err error) {
	if h.seq >= maxRecords {
		return 0, nil, refuse(InternalError)
	}
	inner, err := h.aead.Open(nil, h.nonce(), fragment, header)
	if err != nil {
		return 0, nil, refuse(BadRecordMAC)
	}
	h.seq++
	if len(inner) > MaxPlaintext+1 {
		return 0, nil, refuse(RecordOverflow)
	}
	end := len(inner)
	for end > 0 && inner[end-1] == 0 {
		end--
	}
	if end == 0 {
		return 0, nil, refuse(UnexpectedMessage) // nothing but padding
	}
	contentType, content = inner[end-1], inner[:end-1]
	if contentType == typeChangeCipherSpec {
		return 0, nil, refuse(DecodeError)
	}
	return contentType, content, nil
}

func refuse(alert Alert) error { return &AlertError{Alert: alert} }
