package atspi

import (
	"unicode"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

// errNoText answers questions for the text of what has none, or none that is told.
var errNoText = &dbus.ErrMsgUnknownInterface

// field returns the field that a call is about. What stands in a secret one is nobody's business.
func (t *teller) field(m dbus.Message) (object, []rune, *dbus.Error) {
	o, err := t.find(m)
	switch {
	case err != nil:
		return o, nil, err
	case o.isApplication() || o.Node.Role != reader.Field:
		return o, nil, errNoText
	}
	return o, []rune(o.Node.Text), nil
}

// The units of a text that can be asked for, AtspiTextGranularity.
const (
	unitLetter = 0
	unitWord   = 1
	unitLine   = 3 // and everything longer
)

// part returns the unit around a place.
func part(text []rune, at int, unit uint32) (from, to int) {
	at = min(max(0, at), len(text))
	switch unit {
	case unitLetter:
		return at, min(at+1, len(text))
	case unitWord:
		from, to = at, at
		for from > 0 && !unicode.IsSpace(text[from-1]) {
			from--
		}
		for to < len(text) && !unicode.IsSpace(text[to]) {
			to++
		}
		for to < len(text) && unicode.IsSpace(text[to]) { // a word ends where the next one begins
			to++
		}
		return from, to
	}
	from, to = at, at
	for from > 0 && text[from-1] != '\n' {
		from--
	}
	for to < len(text) && text[to] != '\n' {
		to++
	}
	return from, min(to+1, len(text))
}

// unitOf turns the older way of asking, AtspiTextBoundaryType, into units.
func unitOf(boundary uint32) uint32 {
	switch boundary {
	case 0:
		return unitLetter
	case 1, 2:
		return unitWord
	}
	return unitLine
}

// text is the interface Text.
func (t *teller) text() map[string]any {
	around := func(m dbus.Message, place func(text []rune) (from, to int)) (string, int32, int32, *dbus.Error) {
		_, text, err := t.field(m)
		if err != nil {
			return "", 0, 0, err
		}
		from, to := place(text)
		return string(text[from:to]), int32(from), int32(to), nil // #nosec G115 -- fields hold far less
	}
	return map[string]any{
		"GetText": func(m dbus.Message, from, to int32) (string, *dbus.Error) {
			_, text, err := t.field(m)
			if err != nil {
				return "", err
			}
			from, to = within(text, from, to)
			return string(text[from:to]), nil
		},
		"GetStringAtOffset": func(m dbus.Message, at int32, unit uint32) (string, int32, int32, *dbus.Error) {
			return around(m, func(text []rune) (int, int) { return part(text, int(at), unit) })
		},
		"GetTextAtOffset": func(m dbus.Message, at int32, boundary uint32) (string, int32, int32, *dbus.Error) {
			return around(m, func(text []rune) (int, int) { return part(text, int(at), unitOf(boundary)) })
		},
		"GetTextBeforeOffset": func(m dbus.Message, at int32, boundary uint32) (string, int32, int32, *dbus.Error) {
			return around(m, func(text []rune) (int, int) {
				from, _ := part(text, int(at), unitOf(boundary))
				if from == 0 {
					return 0, 0
				}
				return part(text, from-1, unitOf(boundary))
			})
		},
		"GetTextAfterOffset": func(m dbus.Message, at int32, boundary uint32) (string, int32, int32, *dbus.Error) {
			return around(m, func(text []rune) (int, int) {
				_, to := part(text, int(at), unitOf(boundary))
				if to == len(text) {
					return to, to
				}
				return part(text, to, unitOf(boundary))
			})
		},
		"GetCharacterAtOffset": func(m dbus.Message, at int32) (int32, *dbus.Error) {
			_, text, err := t.field(m)
			if err != nil || at < 0 || int(at) >= len(text) {
				return 0, err
			}
			return text[at], nil
		},
		"GetAttributes": func(m dbus.Message, _ int32) (map[string]string, int32, int32, *dbus.Error) {
			_, text, err := t.field(m)
			return map[string]string{}, 0, int32(len(text)), err // #nosec G115 -- fields hold far less
		},
		"GetAttributeRun": func(m dbus.Message, _ int32, _ bool) (map[string]string, int32, int32, *dbus.Error) {
			_, text, err := t.field(m)
			return map[string]string{}, 0, int32(len(text)), err // #nosec G115 -- fields hold far less
		},
		"GetAttributeValue":    func(dbus.Message, int32, string) (string, *dbus.Error) { return "", nil },
		"GetDefaultAttributes": func(dbus.Message) (map[string]string, *dbus.Error) { return map[string]string{}, nil },
		"GetNSelections":       func(dbus.Message) (int32, *dbus.Error) { return 0, nil },
		"GetSelection":         func(dbus.Message, int32) (int32, int32, *dbus.Error) { return 0, 0, nil },
		"AddSelection":         func(dbus.Message, int32, int32) (bool, *dbus.Error) { return false, nil },
		"RemoveSelection":      func(dbus.Message, int32) (bool, *dbus.Error) { return false, nil },
		"SetSelection":         func(dbus.Message, int32, int32, int32) (bool, *dbus.Error) { return false, nil },
		"SetCaretOffset":       func(dbus.Message, int32) (bool, *dbus.Error) { return false, nil },
		"GetCharacterExtents": func(m dbus.Message, _ int32, from uint32) (rect, *dbus.Error) {
			o, _, err := t.field(m)
			if err != nil {
				return rect{}, err
			}
			return o.rect(from), nil
		},
		"GetOffsetAtPoint": func(dbus.Message, int32, int32, uint32) (int32, *dbus.Error) { return -1, nil },
	}
}

// within brings a range into the text; an end below zero is the text's.
func within(text []rune, from, to int32) (int32, int32) {
	end := int32(len(text)) // #nosec G115 -- fields hold far less
	if to < 0 || to > end {
		to = end
	}
	return min(max(0, from), to), to
}

// editable is the interface EditableText.
func (t *teller) editable() map[string]any {
	put := func(m dbus.Message, edit func(text []rune) string) (bool, *dbus.Error) {
		o, text, err := t.field(m)
		if err != nil || o.Node.Put == nil || !o.Node.Is(reader.Enabled) {
			return false, err
		}
		return o.do(func() { o.Node.Put(edit(text)) }), nil
	}
	return map[string]any{
		"SetTextContents": func(m dbus.Message, words string) (bool, *dbus.Error) {
			return put(m, func([]rune) string { return words })
		},
		"InsertText": func(m dbus.Message, at int32, words string, _ int32) (bool, *dbus.Error) {
			return put(m, func(text []rune) string {
				_, at := within(text, 0, max(0, at))
				return string(text[:at]) + words + string(text[at:])
			})
		},
		"DeleteText": func(m dbus.Message, from, to int32) (bool, *dbus.Error) {
			return put(m, func(text []rune) string {
				from, to := within(text, from, to)
				return string(text[:from]) + string(text[to:])
			})
		},
		"CopyText":  func(dbus.Message, int32, int32) *dbus.Error { return nil },
		"CutText":   func(dbus.Message, int32, int32) (bool, *dbus.Error) { return false, nil },
		"PasteText": func(dbus.Message, int32) (bool, *dbus.Error) { return false, nil },
	}
}
