package ece

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
)

const (
	infoAuth        = "Content-Encoding: auth\x00"
	infoLegacyCEK   = "Content-Encoding: aesgcm\x00"
	infoLegacyNonce = "Content-Encoding: nonce\x00"
	// legacyContext opens the key context; both points follow, each behind its
	// length as two octets.
	legacyContext = "P-256\x00"

	// defaultLegacyRecordSize applies when the Encryption header has no rs
	// (draft-ietf-httpbis-encryption-encoding-03, section 3.1).
	defaultLegacyRecordSize = 4096
	// padLengthSize is the big-endian pad length before each record's text.
	padLengthSize = 2
)

// DecryptAESGCM opens a body in the older aesgcm encoding
// (draft-ietf-webpush-encryption-04). encryption and cryptoKey are the values
// of the Encryption and Crypto-Key headers.
//
// The result is new memory; an error is a [*DecodeError].
func DecryptAESGCM(priv *ecdh.PrivateKey, auth, body []byte, encryption, cryptoKey string) ([]byte, error) {
	p, err := parseLegacyHeaders(encryption, cryptoKey)
	if err != nil {
		return nil, err
	}
	if err := checkReceiver(priv, auth); err != nil {
		return nil, err
	}
	sender, err := senderKey(p.dh)
	if err != nil {
		return nil, err
	}
	ikm, err := agree(priv, sender, auth, infoAuth)
	if err != nil {
		return nil, err
	}
	return openLegacyRecords(ikm, body, p, legacyKeyContext(priv.PublicKey(), sender))
}

func openLegacyRecords(ikm, body []byte, p legacyParams, context string) ([]byte, error) {
	size := uint64(p.recordSize) + tagSize
	// A last record that is full would mean that another one is missing.
	if tail := uint64(len(body)) % size; tail <= tagSize {
		return nil, refuse(KindRecord, "body ends where a further record must follow")
	}
	c, err := newRecordCipher(ikm, p.salt, infoLegacyCEK+context, infoLegacyNonce+context)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(body))
	for i := uint64(0); len(body) > 0; i++ {
		record := body[:min(uint64(len(body)), size)]
		body = body[len(record):]
		nonce := c.nonceFor(i)
		start := len(out)
		out, err = c.aead.Open(out, nonce[:], record, nil)
		if err != nil {
			return nil, refuse(KindDecrypt, "record fails authentication")
		}
		text, err := stripLegacyPadding(out[start:])
		if err != nil {
			return nil, err
		}
		out = append(out[:start], text...) // moves the text over its padding
	}
	return out, nil
}

func stripLegacyPadding(record []byte) ([]byte, error) {
	if len(record) < padLengthSize {
		return nil, refuse(KindPadding, "record is shorter than its pad length field")
	}
	pad := int(binary.BigEndian.Uint16(record))
	text := record[padLengthSize:]
	if pad > len(text) {
		return nil, refuse(KindPadding, "padding is longer than the record")
	}
	for _, b := range text[:pad] {
		if b != 0 {
			return nil, refuse(KindPadding, "padding holds an octet that is not zero")
		}
	}
	return text[pad:], nil
}

func legacyKeyContext(receiver, sender *ecdh.PublicKey) string {
	context := make([]byte, 0, len(legacyContext)+2*(2+pointSize))
	context = append(context, legacyContext...)
	for _, key := range []*ecdh.PublicKey{receiver, sender} {
		context = binary.BigEndian.AppendUint16(context, pointSize)
		context = append(context, key.Bytes()...)
	}
	return string(context)
}

// legacyParams are what the aesgcm decoder takes from the headers.
type legacyParams struct {
	salt       []byte
	dh         []byte
	recordSize uint32
}

func parseLegacyHeaders(encryption, cryptoKey string) (legacyParams, error) {
	first, _, _ := strings.Cut(encryption, ",")
	enc := headerParams(first)
	p := legacyParams{recordSize: defaultLegacyRecordSize}
	var err error
	if p.salt, err = base64.RawURLEncoding.DecodeString(enc["salt"]); err != nil || len(p.salt) != saltSize {
		return legacyParams{}, refuse(KindHeaders, "encryption has no salt of 16 octets")
	}
	if rs, ok := enc["rs"]; ok {
		n, err := strconv.ParseUint(rs, 10, 32)
		if err != nil || n <= padLengthSize {
			return legacyParams{}, refuse(KindHeaders, "encryption has an impossible record size")
		}
		p.recordSize = uint32(n)
	}
	dh, ok := findSenderKey(cryptoKey, enc["keyid"])
	if !ok {
		return legacyParams{}, refuse(KindHeaders, "crypto-key has no dh for this message")
	}
	if p.dh, err = base64.RawURLEncoding.DecodeString(dh); err != nil {
		return legacyParams{}, refuse(KindHeaders, "dh is not base64url")
	}
	return p, nil
}

// findSenderKey picks the dh of the part with the given key id or, without
// one, of the first part that has a dh; other parts carry a VAPID key.
func findSenderKey(cryptoKey, keyID string) (string, bool) {
	for part := range strings.SplitSeq(cryptoKey, ",") {
		params := headerParams(part)
		dh, ok := params["dh"]
		if ok && (keyID == "" || params["keyid"] == keyID) {
			return dh, true
		}
	}
	return "", false
}

// headerParams reads name=value pairs set off by semicolons. Of a repeated
// name the first value counts.
func headerParams(part string) map[string]string {
	params := make(map[string]string)
	for pair := range strings.SplitSeq(part, ";") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if _, seen := params[name]; !seen {
			params[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return params
}
