package plainjson

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
)

// alphabet is that of base64url.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// pairs has two letters for each twelve bits.
var pairs = sync.OnceValue(func() *[1 << 12]uint16 {
	var p [1 << 12]uint16
	for bits := range p {
		p[bits] = uint16(alphabet[bits>>6])<<8 | uint16(alphabet[bits&63])
	}
	return &p
})

// AppendBase64 appends octets in base64url without padding, which stands in a string as it is. Two letters
// at a time take half of what encoding/base64 needs, which writes one.
func AppendBase64(dst, octets []byte) []byte {
	const twelve = 1<<12 - 1
	dst = slices.Grow(dst, base64.RawURLEncoding.EncodedLen(len(octets)))
	two := pairs()
	for ; len(octets) >= 8; octets = octets[6:] {
		v := binary.BigEndian.Uint64(octets) // of which six octets become eight letters
		dst = binary.BigEndian.AppendUint64(dst, uint64(two[v>>52])<<48|uint64(two[v>>40&twelve])<<32|
			uint64(two[v>>28&twelve])<<16|uint64(two[v>>16&twelve]))
	}
	return base64.RawURLEncoding.AppendEncode(dst, octets)
}
