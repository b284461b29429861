// Package device names the devices of an account, the same way in every face, so that two of one name
// are told apart.
package device

import (
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// shortID is how much of an id tells two devices apart that nothing else does.
const shortID = 6

// Name returns what to call d, one of all, in at most most characters of its own name: with its type
// and when it was last seen if another one is called the same, and with the beginning of its id if
// that is the same too.
func Name(words *i18n.Catalogue, d localapi.Device, all []localapi.Device, now time.Time, most int) string {
	name := plain(words, d, most)
	if !Twice(d, all) {
		return name
	}
	marks := mark(words, d, now)
	for _, other := range all {
		if other.ID != d.ID && plain(words, other, most) == name && mark(words, other, now) == marks {
			marks += ", " + d.ID[:min(len(d.ID), shortID)]
			break
		}
	}
	return name + " (" + marks + ")"
}

// Twice reports whether another device is called as d is; case does not tell names apart.
func Twice(d localapi.Device, all []localapi.Device) bool {
	name := folded(d)
	for _, other := range all {
		if other.ID != d.ID && folded(other) == name {
			return true
		}
	}
	return false
}

// Namesakes returns the ids of all devices of which Twice is true, for who names many of them.
func Namesakes(all []localapi.Device) map[string]bool {
	first, twice := map[string]string{}, map[string]bool{}
	for _, d := range all {
		name := folded(d)
		switch id, taken := first[name]; {
		case !taken:
			first[name] = d.ID
		case id != d.ID:
			twice[id], twice[d.ID] = true, true
		}
	}
	return twice
}

// folded is what two names have in common that case does not tell apart.
func folded(d localapi.Device) string { return strings.ToLower(strings.ToUpper(i18n.Plain(d.Name))) }

// Type returns a word for a device's type; empty when it is not known.
func Type(words *i18n.Catalogue, kind string) string {
	if key := "common.device_type." + kind; words.Has(key) {
		return words.T(key)
	}
	return i18n.Plain(kind)
}

func plain(words *i18n.Catalogue, d localapi.Device, most int) string {
	if name := i18n.OneLine(d.Name, most); name != "" {
		return name
	}
	return words.T("common.unnamed_device")
}

func mark(words *i18n.Catalogue, d localapi.Device, now time.Time) string {
	if d.This {
		return words.T("common.this_device")
	}
	return strings.TrimPrefix(Type(words, d.Type)+", "+words.Ago(d.LastAccess, now), ", ")
}
