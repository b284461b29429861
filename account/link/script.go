package link

import (
	"slices"
	"strings"
	"unicode"
)

// readable reports whether an internationalised label can be shown in its own letters: it is written in
// one script (or one of the mixtures that Japanese, Chinese and Korean use), and it could not be
// read as a name in plain Latin letters. It follows the "highly restrictive" idea of UTS 39, with
// less: when in doubt the answer is no, and the person sees punycode.
func readable(label string) bool {
	var used []*unicode.RangeTable
	lookalikes, letters := 0, 0
	for _, r := range label {
		if r == '-' || '0' <= r && r <= '9' {
			continue
		}
		script := scriptOf(r)
		if script == nil {
			return false // signs, marks of other kinds, rare scripts
		}
		if script == unicode.Latin && !plainLatin(r) {
			return false
		}
		if r == 'ー' || r == '々' {
			letters++
			continue // common to Han and Kana
		}
		if !slices.Contains(used, script) {
			used = append(used, script)
		}
		letters++
		if strings.ContainsRune(likeLatin, r) {
			lookalikes++
		}
	}
	return lookalikes < letters && together(used)
}

// shown are the scripts that labels may be shown in: those in wide everyday use (UAX 31, table 5).
var shown = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Georgian, unicode.Hebrew,
	unicode.Arabic, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
	unicode.Thai, unicode.Devanagari, unicode.Bengali, unicode.Gujarati, unicode.Gurmukhi, unicode.Kannada,
	unicode.Malayalam, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Sinhala, unicode.Khmer,
	unicode.Lao, unicode.Myanmar, unicode.Ethiopic, unicode.Tibetan, unicode.Thaana,
}

func scriptOf(r rune) *unicode.RangeTable {
	if r == 'ー' {
		return unicode.Katakana
	}
	if !unicode.IsLetter(r) && !unicode.IsMark(r) {
		return nil
	}
	for _, script := range shown {
		if unicode.Is(script, r) {
			return script
		}
	}
	return nil
}

// plainLatin are the letters of European languages: Latin-1 and Latin Extended-A without those that
// pass for ASCII letters, and the Romanian ones beyond.
func plainLatin(r rune) bool {
	switch r {
	case 'ı', 'ĸ', 'ŀ', 'ŉ', 'ſ', 'ŋ', 'ł', 'ŧ', 'ħ', 'đ':
		return false
	case 'ß': // "ss" to older programs, which is another host
		return false
	case 'ș', 'ț':
		return true
	}
	return r <= 0x017f
}

// likeLatin are letters of other scripts that look like ASCII letters. A label made of nothing else
// is a trap, or a word that can bear punycode.
const likeLatin = "асԁеһіјӏорԛѕԝхуъьгпшвкмнтѵѡҽ" + // Cyrillic
	"αβγεηικνορτυχω" + // Greek
	"աոցսւօհկզլյ" // Armenian

// together reports whether scripts belong in one label.
func together(used []*unicode.RangeTable) bool {
	if len(used) <= 1 {
		return true
	}
	japanese := []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}
	chinese := []*unicode.RangeTable{unicode.Han, unicode.Bopomofo}
	korean := []*unicode.RangeTable{unicode.Han, unicode.Hangul}
	return slices.ContainsFunc([][]*unicode.RangeTable{japanese, chinese, korean}, func(mixture []*unicode.RangeTable) bool {
		return !slices.ContainsFunc(used, func(script *unicode.RangeTable) bool { return !slices.Contains(mixture, script) })
	})
}
