//go:build !windows && !darwin

package xserver

import (
	"encoding/binary"
	"os"
	"path/filepath"
)

// cookie is the one way to say who one is that everybody has: 16 secret bytes from a file.
const cookie = "MIT-MAGIC-COOKIE-1"

// The families of addresses in the file of cookies (Xau(3)) that fit without a look at the network.
const (
	familyLocal = 256
	familyWild  = 65535
)

// cookieOf returns the cookie of a display from the file that XAUTHORITY names, else from ~/.Xauthority. Many
// servers ask for none, so it is nil if there is none or the file cannot be read.
func cookieOf(a address) []byte {
	file := os.Getenv("XAUTHORITY")
	if file == "" {
		file = filepath.Join(os.Getenv("HOME"), ".Xauthority")
	}
	content, err := os.ReadFile(file) // #nosec G304 G703 -- the person's own choice
	if err != nil {
		return nil
	}
	host := a.host
	if host == "" || host == "localhost" {
		if host, err = os.Hostname(); err != nil {
			return nil
		}
	}
	return findCookie(content, host, a.number)
}

// findCookie goes through the file: records of a family and four texts, each after its length, in the order of
// the network.
func findCookie(content []byte, host, number string) []byte {
	for len(content) >= 2 {
		family := binary.BigEndian.Uint16(content)
		content = content[2:]
		var fields [4]string // address, number of the display, name of the way, data
		for i := range fields {
			if len(content) < 2 {
				return nil
			}
			length := int(binary.BigEndian.Uint16(content))
			if content = content[2:]; len(content) < length {
				return nil
			}
			fields[i], content = string(content[:length]), content[length:]
		}
		here := family == familyWild || family == familyLocal && fields[0] == host
		if here && (fields[1] == "" || fields[1] == number) && fields[2] == cookie {
			return []byte(fields[3])
		}
	}
	return nil
}
