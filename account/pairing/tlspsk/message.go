package tlspsk

import (
	"golang.org/x/crypto/cryptobyte"
)

// Handshake message types (RFC 8446, section 4).
const (
	msgClientHello         = 1
	msgServerHello         = 2
	msgNewSessionTicket    = 4
	msgEncryptedExtensions = 8
	msgFinished            = 20
)

const (
	version12    = 0x0303
	version13    = 0x0304
	suite        = 0x1301 // TLS_AES_128_GCM_SHA256
	modePSK      = 0      // psk_ke
	randomSize   = 32
	maxSessionID = 32
)

type clientHello struct {
	version     uint16
	random      []byte
	sessionID   []byte
	suites      []uint16
	compression []byte
	extensions  extensions
}

type serverHello struct {
	version     uint16
	random      []byte
	sessionID   []byte
	suite       uint16
	compression uint8
	extensions  extensions
}

type encryptedExtensions struct{ extensions extensions }

type newSessionTicket struct{}

type finished struct{ verifyData []byte }

// unknownMessage is a message of a type this package has no use for, with an empty body.
type unknownMessage struct{}

// parseMessage reads the body of a handshake message completely, whether or not it is due: a
// malformed message is a decoding fault before it is one of order. A message of unknown type is
// read as one with an empty body, so a body makes it malformed.
func parseMessage(msgType uint8, body cryptobyte.String) (any, error) {
	switch msgType {
	case msgClientHello:
		return parseClientHello(body)
	case msgServerHello:
		return parseServerHello(body)
	case msgEncryptedExtensions:
		exts, err := parseExtensions(&body, msgType)
		if err != nil {
			return nil, err
		}
		return &encryptedExtensions{exts}, atEnd(body)
	case msgNewSessionTicket:
		return parseNewSessionTicket(body)
	case msgFinished:
		m := &finished{}
		if !body.ReadBytes(&m.verifyData, hashSize) {
			return nil, refuse(DecodeError)
		}
		return m, atEnd(body)
	}
	return unknownMessage{}, atEnd(body)
}

func atEnd(s cryptobyte.String) error {
	if !s.Empty() {
		return refuse(DecodeError)
	}
	return nil
}

func parseClientHello(body cryptobyte.String) (*clientHello, error) {
	m := &clientHello{}
	var sessionID, suites, compression cryptobyte.String
	if !body.ReadUint16(&m.version) || !body.ReadBytes(&m.random, randomSize) ||
		!body.ReadUint8LengthPrefixed(&sessionID) || len(sessionID) > maxSessionID ||
		!body.ReadUint16LengthPrefixed(&suites) || suites.Empty() ||
		!body.ReadUint8LengthPrefixed(&compression) || compression.Empty() {
		return nil, refuse(DecodeError)
	}
	m.sessionID, m.compression = sessionID, compression
	for !suites.Empty() {
		var id uint16
		if !suites.ReadUint16(&id) {
			return nil, refuse(DecodeError)
		}
		m.suites = append(m.suites, id)
	}
	var err error
	if m.extensions, err = parseExtensions(&body, msgClientHello); err != nil {
		return nil, err
	}
	return m, atEnd(body)
}

func parseServerHello(body cryptobyte.String) (*serverHello, error) {
	m := &serverHello{}
	var sessionID cryptobyte.String
	if !body.ReadUint16(&m.version) || !body.ReadBytes(&m.random, randomSize) ||
		!body.ReadUint8LengthPrefixed(&sessionID) || len(sessionID) > maxSessionID ||
		!body.ReadUint16(&m.suite) || !body.ReadUint8(&m.compression) {
		return nil, refuse(DecodeError)
	}
	m.sessionID = sessionID
	var err error
	if m.extensions, err = parseExtensions(&body, msgServerHello); err != nil {
		return nil, err
	}
	return m, atEnd(body)
}

func parseNewSessionTicket(body cryptobyte.String) (*newSessionTicket, error) {
	var lifetime, ageAdd uint32
	var nonce, ticket cryptobyte.String
	if !body.ReadUint32(&lifetime) || !body.ReadUint32(&ageAdd) ||
		!body.ReadUint8LengthPrefixed(&nonce) ||
		!body.ReadUint16LengthPrefixed(&ticket) || ticket.Empty() {
		return nil, refuse(DecodeError)
	}
	if _, err := parseExtensions(&body, msgNewSessionTicket); err != nil {
		return nil, err
	}
	return &newSessionTicket{}, atEnd(body)
}

// message puts the four-byte header in front of a handshake body.
func message(msgType uint8, build func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddUint8(msgType)
	b.AddUint24LengthPrefixed(build)
	return b.BytesOrPanic() // panics only for a body over 2^24 bytes; ours are under 300
}

// buildClientHello returns the message with a binder of zeros in its last 32 bytes.
func buildClientHello(random, sessionID, identity []byte) []byte {
	return message(msgClientHello, func(b *cryptobyte.Builder) {
		b.AddUint16(version12)
		b.AddBytes(random)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sessionID) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(suite) })
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			addExtension(b, extSupportedVersions, func(b *cryptobyte.Builder) {
				b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(version13) })
			})
			addExtension(b, extPSKModes, func(b *cryptobyte.Builder) {
				b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(modePSK) })
			})
			addExtension(b, extPreSharedKey, func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(identity) })
					b.AddUint32(0) // the age of an external PSK (RFC 8446, section 4.2.11)
				})
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, hashSize)) })
				})
			})
		})
	})
}

func buildServerHello(random, sessionID []byte, selected int) []byte {
	return message(msgServerHello, func(b *cryptobyte.Builder) {
		b.AddUint16(version12)
		b.AddBytes(random)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sessionID) })
		b.AddUint16(suite)
		b.AddUint8(0)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			addExtension(b, extSupportedVersions, func(b *cryptobyte.Builder) { b.AddUint16(version13) })
			addExtension(b, extPreSharedKey, func(b *cryptobyte.Builder) { b.AddUint16(uint16(selected)) }) // #nosec G115 -- an index into a list of one
		})
	})
}

func buildEncryptedExtensions() []byte {
	return message(msgEncryptedExtensions, func(b *cryptobyte.Builder) { b.AddUint16(0) })
}

func buildFinished(verify []byte) []byte {
	return message(msgFinished, func(b *cryptobyte.Builder) { b.AddBytes(verify) })
}

func addExtension(b *cryptobyte.Builder, id uint16, build func(*cryptobyte.Builder)) {
	b.AddUint16(id)
	b.AddUint16LengthPrefixed(build)
}
