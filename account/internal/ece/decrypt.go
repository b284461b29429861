package ece

import (
	"crypto/ecdh"
	"encoding/binary"
)

// The info texts of RFC 8291, section 3.4, and RFC 8188, section 2.2.
const (
	infoWebPush = "WebPush: info\x00"
	infoCEK     = "Content-Encoding: aes128gcm\x00"
	infoNonce   = "Content-Encoding: nonce\x00"
)

const (
	// fixedHeader is salt, record size and key id length (RFC 8188, 2.1).
	fixedHeader = saltSize + 4 + 1
	// minRecordSize leaves room for a tag, a delimiter and one octet.
	minRecordSize = tagSize + 2
	// delimiterMore and delimiterLast end the text of a record.
	delimiterMore = 0x01
	delimiterLast = 0x02
)

// Decrypt opens an aes128gcm body (RFC 8188) keyed for Web Push (RFC 8291).
// priv and auth are the receiver's. Several records and any record size from
// 18 up are taken, although RFC 8291 has senders use a single record.
//
// The result is new memory, at most as long as body; body is not changed. An
// error is a [*DecodeError].
func Decrypt(priv *ecdh.PrivateKey, auth, body []byte) ([]byte, error) {
	h, err := parseHeader(body)
	if err != nil {
		return nil, err
	}
	if len(h.keyID) != pointSize {
		return nil, refuse(KindHeader, "key id is not a 65-octet public key")
	}
	if len(h.records) == 0 {
		return nil, refuse(KindHeader, "nothing follows the header")
	}
	if err := checkReceiver(priv, auth); err != nil {
		return nil, err
	}
	sender, err := senderKey(h.keyID)
	if err != nil {
		return nil, err
	}
	ikm, err := agree(priv, sender, auth, webPushInfo(priv.PublicKey(), sender))
	if err != nil {
		return nil, err
	}
	return openRecords(ikm, h)
}

// header is the start of an aes128gcm body, cut but not interpreted.
type header struct {
	salt       []byte
	recordSize uint32
	keyID      []byte
	records    []byte
}

func parseHeader(body []byte) (header, error) {
	if len(body) < fixedHeader {
		return header{}, refuse(KindHeader, "shorter than salt, record size and key id length")
	}
	h := header{
		salt:       body[:saltSize],
		recordSize: binary.BigEndian.Uint32(body[saltSize:]),
	}
	if h.recordSize < minRecordSize {
		return header{}, refuse(KindHeader, "record size below 18")
	}
	idLen := int(body[fixedHeader-1])
	rest := body[fixedHeader:]
	if len(rest) < idLen {
		return header{}, refuse(KindHeader, "ends inside the key id")
	}
	h.keyID, h.records = rest[:idLen], rest[idLen:]
	return h, nil
}

// openRecords decrypts all records or none. The layout is checked before the
// first one is opened.
func openRecords(ikm []byte, h header) ([]byte, error) {
	size := uint64(h.recordSize)
	if tail := uint64(len(h.records)) % size; len(h.records) == 0 || tail != 0 && tail <= tagSize {
		return nil, refuse(KindRecord, "last record has no room for a delimiter")
	}
	c, err := newRecordCipher(ikm, h.salt, infoCEK, infoNonce)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(h.records))
	rest := h.records
	for i := uint64(0); len(rest) > 0; i++ {
		record := rest[:min(uint64(len(rest)), size)]
		rest = rest[len(record):]
		nonce := c.nonceFor(i)
		start := len(out)
		out, err = c.aead.Open(out, nonce[:], record, nil)
		if err != nil {
			return nil, refuse(KindDecrypt, "record fails authentication")
		}
		delimiter := byte(delimiterMore)
		if len(rest) == 0 {
			delimiter = delimiterLast
		}
		end, ok := trimPadding(out[start:], delimiter)
		if !ok {
			return nil, refuse(KindPadding, "record does not end with its delimiter")
		}
		out = out[:start+end]
	}
	return out, nil
}

// trimPadding finds the length of the text before the delimiter and the zero
// octets behind it.
func trimPadding(record []byte, delimiter byte) (int, bool) {
	end := len(record)
	for end > 0 && record[end-1] == 0 {
		end--
	}
	if end == 0 || record[end-1] != delimiter {
		return 0, false
	}
	return end - 1, true
}

func webPushInfo(receiver, sender *ecdh.PublicKey) string {
	info := make([]byte, 0, len(infoWebPush)+2*pointSize)
	info = append(info, infoWebPush...)
	info = append(info, receiver.Bytes()...)
	info = append(info, sender.Bytes()...)
	return string(info)
}
