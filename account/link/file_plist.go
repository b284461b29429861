package link

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// fromPlist reads the link of a macOS link file, a property list as XML or in binary: what stands
// under the key URL.
func fromPlist(content []byte) []Titled {
	if bytes.HasPrefix(content, []byte("bplist00")) {
		return titled("", binaryPlist(content).value("URL"))
	}
	tokens := html.NewTokenizer(strings.NewReader(listText(content)))
	tokens.AllowCDATA(true)
	key, text := "", ""
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		switch token := tokens.Token(); {
		case kind == html.StartTagToken:
			text = ""
		case kind == html.TextToken:
			text += token.Data
		case kind == html.EndTagToken && token.Data == "key":
			key = strings.TrimSpace(text)
		case kind == html.EndTagToken && token.Data == "string" && key == "URL":
			return titled("", text)
		}
	}
	return nil
}

// listEncoding is what a list as XML says of its encoding.
var listEncoding = lazily(`^<\?xml\s[^>]*\sencoding\s*=\s*["']([^"']+)["']`)

// listText returns a list as XML in UTF-8. One that says in ASCII that it is in UTF-16 has been written anew since.
func listText(content []byte) string {
	if said := listEncoding().FindSubmatch(content); said != nil {
		if encoding, name := charset.Lookup(string(said[1])); encoding != nil && !strings.HasPrefix(name, "utf-") {
			if text, err := encoding.NewDecoder().Bytes(content); err == nil {
				return string(text)
			}
		}
	}
	return Text(content)
}

// binaryPlist is Apple's binary property list: "bplist00", objects, a table of their offsets, and a
// trailer of 32 bytes that says where the table is. All numbers are big-endian.
type binaryPlist []byte

// maxKeys bounds the keys that are looked at; a link file has one to three.
const maxKeys = 100

// value returns the string under a key of the list's dictionary, empty when the file is none.
func (p binaryPlist) value(key string) string {
	if len(p) < 40 {
		return ""
	}
	trailer := p[len(p)-32:]
	wideRef := uint64(trailer[7])
	kind, count, at := p.object(binary.BigEndian.Uint64(trailer[16:]))
	for i := uint64(0); kind == 0xd && i < min(count, maxKeys); i++ {
		k, ok := p.number(at+i*wideRef, wideRef)
		v, ok2 := p.number(at+(count+i)*wideRef, wideRef)
		if !ok || !ok2 {
			return ""
		}
		if p.text(k) == key {
			return p.text(v)
		}
	}
	return ""
}

// object returns the kind of an object, how much it holds and where that begins; kind 0 for none.
func (p binaryPlist) object(n uint64) (kind byte, count, at uint64) {
	trailer := p[len(p)-32:]
	wide, table := uint64(trailer[6]), binary.BigEndian.Uint64(trailer[24:])
	offset, ok := p.number(table+n*wide, wide)
	marker, ok2 := p.number(offset, 1)
	if !ok || !ok2 || n > uint64(len(p)) {
		return 0, 0, 0
	}
	at, count = offset+1, marker&0x0f
	if count == 0x0f { // an integer object follows that holds the count
		size, _ := p.number(at, 1)
		bytes := uint64(1) << (size & 3)
		count, ok = p.number(at+1, bytes)
		if at += 1 + bytes; !ok {
			return 0, 0, 0
		}
	}
	return byte(marker >> 4), count, at // #nosec G115 -- one byte's half
}

// text returns a string object, empty when it is none.
func (p binaryPlist) text(n uint64) string {
	kind, count, at := p.object(n)
	switch {
	case at > uint64(len(p)) || count > uint64(len(p))-at:
	case kind == 5:
		return string(p[at : at+count])
	case kind == 6 && 2*count <= uint64(len(p))-at:
		units := make([]uint16, count)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(p[at+2*uint64(i):]) // #nosec G115 -- an index
		}
		return string(utf16.Decode(units))
	}
	return ""
}

// number reads a number of 1 to 8 bytes; false if it is not in the file.
func (p binaryPlist) number(at, width uint64) (n uint64, ok bool) {
	if width < 1 || width > 8 || at > uint64(len(p)) || width > uint64(len(p))-at {
		return 0, false
	}
	for _, c := range p[at : at+width] {
		n = n<<8 | uint64(c)
	}
	return n, true
}
