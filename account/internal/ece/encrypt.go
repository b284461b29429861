package ece

import (
	"crypto/ecdh"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// recordSize is what Mozilla's clients write, in octets, tag included.
	recordSize = 4096
	// padMultiple is the multiple of octets to which Mozilla's clients pad text
	// and delimiter, so that a length says little about a page.
	padMultiple = 128
)

// scalarAttempts bounds the search for a private scalar. One draw fails with a
// probability of 2^-32, so a second failure already means a broken source.
const scalarAttempts = 8

// ErrReceiver means that the receiver's key or authentication secret cannot be
// encrypted to.
var ErrReceiver = errors.New("ece: receiver's public key or authentication secret is not usable")

// ErrEmpty means that there is nothing to encrypt. An empty text is legal in the
// format and [Decrypt] takes it, but Mozilla's senders refuse to make one.
var ErrEmpty = errors.New("ece: no text to encrypt")

// Encrypt seals plaintext for a receiver in the aes128gcm encoding (RFC 8188,
// RFC 8291). receiver is a P-256 key, auth the receiver's 16-octet
// authentication secret, rand the source of the sender's key and, after it, of the
// salt.
//
// Records have 4096 octets and the text is padded to the next multiple of 128, at
// least one octet; what does not fit one record goes into several. Octets sealed
// are 86 for the header plus the padded text plus 16 a record. The error is
// [ErrReceiver], [ErrEmpty], or that of rand.
func Encrypt(rand io.Reader, receiver *ecdh.PublicKey, auth, plaintext []byte) ([]byte, error) {
	return encrypt(rand, receiver, auth, plaintext, recordSize, padMultiple)
}

// encrypt is Encrypt with records of size octets, [minRecordSize] at least, and
// padding to a multiple of its own.
func encrypt(rand io.Reader, receiver *ecdh.PublicKey, auth, plaintext []byte, size uint32, multiple int) ([]byte, error) {
	if receiver == nil || receiver.Curve() != ecdh.P256() || len(auth) != authSize {
		return nil, ErrReceiver
	}
	if len(plaintext) == 0 {
		return nil, ErrEmpty
	}
	sender, err := newSender(rand)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return nil, fmt.Errorf("ece: salt: %w", err)
	}
	ikm, err := agree(sender, receiver, auth, webPushInfo(receiver, sender.PublicKey()))
	if err != nil {
		return nil, ErrReceiver
	}
	c, err := newRecordCipher(ikm, salt, infoCEK, infoNonce)
	if err != nil {
		return nil, err
	}
	l := layOut(len(plaintext), int64(size), int64(multiple))
	body := make([]byte, 0, fixedHeader+pointSize+int(l.padded)+int(l.records)*tagSize)
	body = append(body, salt...)
	body = binary.BigEndian.AppendUint32(body, size)
	body = append(body, pointSize)
	body = append(body, sender.PublicKey().Bytes()...)
	return c.seal(body, plaintext, l), nil
}

// newSender draws a private scalar from rand. The standard library's own
// generator ignores the source it is given since Go 1.26, which would make the
// result depend on more than the caller's source.
func newSender(rand io.Reader) (*ecdh.PrivateKey, error) {
	var scalar [secretSize]byte
	for range scalarAttempts {
		if _, err := io.ReadFull(rand, scalar[:]); err != nil {
			return nil, fmt.Errorf("ece: sender key: %w", err)
		}
		if key, err := ecdh.P256().NewPrivateKey(scalar[:]); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("ece: sender key: the random source yields no usable key")
}

// layout says how text, delimiters and padding spread over records.
type layout struct {
	capacity int64 // text, delimiter and padding of a full record
	records  int64
	padded   int64 // text, delimiters and padding of all records
}

// layOut finds the least number of records for a text of n octets. Each record
// has a delimiter of its own, and the sum is a multiple of padMultiple.
func layOut(n int, recordSize, padMultiple int64) layout {
	text := int64(n)
	l := layout{capacity: recordSize - tagSize}
	perRecord := l.capacity - 1
	for l.records = max(1, (text+perRecord-1)/perRecord); ; l.records++ {
		l.padded = (text + l.records + padMultiple - 1) / padMultiple * padMultiple
		if l.padded <= l.records*l.capacity {
			return l
		}
	}
}

// seal appends all records to dst, which has the room.
func (c *recordCipher) seal(dst, text []byte, l layout) []byte {
	last := l.padded - (l.records-1)*l.capacity
	for i := range l.records {
		content, delimiter := l.capacity, byte(delimiterMore)
		take := min(int64(len(text)), l.capacity-1)
		if i == l.records-1 {
			content, delimiter = last, delimiterLast
			take = int64(len(text))
		} else {
			// Leave an octet for each record to come: some receivers expect no
			// record without text.
			later := l.records - 2 - i
			if last > 1 {
				later++
			}
			take = max(0, min(take, int64(len(text))-later))
		}
		start := len(dst)
		dst = append(dst, text[:take]...)
		text = text[take:]
		dst = append(dst, delimiter)
		dst = dst[:start+int(content)]
		clear(dst[start+int(take)+1:])
		nonce := c.nonceFor(uint64(i))
		dst = c.aead.Seal(dst[:start], nonce[:], dst[start:], nil)
	}
	return dst
}
