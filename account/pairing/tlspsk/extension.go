package tlspsk

import (
	"golang.org/x/crypto/cryptobyte"
)

// The three extensions of this subset (RFC 8446, section 4.2).
const (
	extPreSharedKey      = 41
	extSupportedVersions = 43
	extPSKModes          = 45
)

// extensions is what a message's extensions say. A nil list means that the extension is absent.
type extensions struct {
	count    int
	versions []uint16
	modes    []byte

	identities [][]byte
	binders    [][]byte
	// bindersSize is the encoded size of the binder list with its length, which the binder's
	// transcript leaves out.
	bindersSize int

	selected    uint16
	hasSelected bool
}

// parseExtensions reads the extension block of a message. Known extensions in a message where
// they do not belong are illegal, unknown ones are counted and otherwise ignored.
func parseExtensions(s *cryptobyte.String, msgType uint8) (extensions, error) {
	var e extensions
	var block cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&block) {
		return e, refuse(DecodeError)
	}
	seen := map[uint16]bool{}
	for !block.Empty() {
		var id uint16
		var body cryptobyte.String
		if !block.ReadUint16(&id) || !block.ReadUint16LengthPrefixed(&body) || seen[id] {
			return e, refuse(DecodeError)
		}
		seen[id] = true
		e.count++
		if err := e.parse(id, body, msgType); err != nil {
			return e, err
		}
		if id == extPreSharedKey && msgType == msgClientHello && !block.Empty() {
			return e, refuse(IllegalParameter) // must be last (RFC 8446, section 4.2.11)
		}
	}
	return e, nil
}

func (e *extensions) parse(id uint16, body cryptobyte.String, msgType uint8) error {
	switch id {
	case extSupportedVersions:
		return e.parseVersions(body, msgType)
	case extPSKModes:
		var modes cryptobyte.String
		if msgType != msgClientHello {
			return refuse(IllegalParameter)
		}
		if !body.ReadUint8LengthPrefixed(&modes) || modes.Empty() {
			return refuse(DecodeError)
		}
		e.modes = modes
		return atEnd(body)
	case extPreSharedKey:
		switch msgType {
		case msgClientHello:
			return e.parseOfferedPSKs(body)
		case msgServerHello:
			if !body.ReadUint16(&e.selected) {
				return refuse(DecodeError)
			}
			e.hasSelected = true
			return atEnd(body)
		}
		return refuse(IllegalParameter)
	}
	return nil
}

func (e *extensions) parseVersions(body cryptobyte.String, msgType uint8) error {
	list := body
	switch msgType {
	case msgClientHello:
		if !body.ReadUint8LengthPrefixed(&list) || !body.Empty() || list.Empty() {
			return refuse(DecodeError)
		}
	case msgServerHello:
		if len(list) != 2 {
			return refuse(DecodeError)
		}
	default:
		return refuse(IllegalParameter)
	}
	for !list.Empty() {
		var version uint16
		if !list.ReadUint16(&version) {
			return refuse(DecodeError)
		}
		e.versions = append(e.versions, version)
	}
	return nil
}

func (e *extensions) parseOfferedPSKs(body cryptobyte.String) error {
	var identities, binders cryptobyte.String
	if !body.ReadUint16LengthPrefixed(&identities) || identities.Empty() {
		return refuse(DecodeError)
	}
	e.bindersSize = len(body)
	if !body.ReadUint16LengthPrefixed(&binders) || binders.Empty() || !body.Empty() {
		return refuse(DecodeError)
	}
	for !identities.Empty() {
		var identity cryptobyte.String
		var age uint32
		if !identities.ReadUint16LengthPrefixed(&identity) || !identities.ReadUint32(&age) {
			return refuse(DecodeError)
		}
		e.identities = append(e.identities, identity)
	}
	for !binders.Empty() {
		var binder cryptobyte.String
		if !binders.ReadUint8LengthPrefixed(&binder) {
			return refuse(DecodeError)
		}
		if len(binder) < hashSize {
			return refuse(IllegalParameter)
		}
		e.binders = append(e.binders, binder)
	}
	if len(e.binders) != len(e.identities) {
		return refuse(IllegalParameter)
	}
	return nil
}
