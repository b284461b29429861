// Package member reads the members of request bodies by Rule. A Reader keeps the
// first fault, so that a handler asks for what it wants and then checks once.
package member

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rule is what a text must look like.
type Rule struct {
	Max   int
	Re    *regexp.Regexp
	Empty bool // "" is allowed
	Lower bool // letters are turned into small ones
}

// Hex is the rule of so many hexadecimal digits.
func Hex(digits int) Rule {
	return Rule{Max: digits, Lower: true, Re: regexp.MustCompile(fmt.Sprintf(`^[a-fA-F0-9]{%d}$`, digits))}
}

// LowerHex is Hex for small letters alone.
func LowerHex(digits int) Rule {
	return Rule{Max: digits, Re: regexp.MustCompile(fmt.Sprintf(`^[a-f0-9]{%d}$`, digits))}
}

// The shapes of parameters, with the sizes the servers document.
var (
	ClientID  = LowerHex(16)
	Secret    = LowerHex(64)
	Hex32     = Hex(32)
	Hex64     = Hex(64)
	Scope     = Rule{Max: 256, Empty: true, Re: regexp.MustCompile(`^[a-zA-Z0-9 _/.:-]*$`)}
	State     = Rule{Max: 512}
	Challenge = Rule{Max: 43, Re: regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)}
	Verifier  = Rule{Max: 128, Re: regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)}
	JWE       = Rule{Max: 1024, Re: regexp.MustCompile(`^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$`)}
	Email     = Rule{Max: 255, Re: regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)}
	Service   = Rule{Max: 16, Empty: true, Re: regexp.MustCompile(`^[a-zA-Z0-9-]*$`)}
	Short     = Rule{Max: 256}
	URI       = Rule{Max: 256, Re: regexp.MustCompile(`^https?://[^\s]+$`)}
	Resource  = Rule{Max: 2048, Re: regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[^#\s]+$`)}
	Token     = Rule{Max: 1024, Re: regexp.MustCompile(`^([a-f0-9]{64}|[\w-]+\.[\w-]+\.[\w-]+)$`)}
)

// Faults make the errors of a Reader: each server has numbers of its own.
type Faults struct {
	Invalid, Missing func(name string) error
	// Surplus is asked about members nobody asked for; nil lets them pass.
	Surplus func(name string) error
}

// Reader reads the members of a request. The first failure stays; later calls
// return zero values, so a handler checks Done once.
type Reader struct {
	faults Faults
	obj    map[string]json.RawMessage
	seen   []string
	fail   error
}

// Read returns a reader of a decoded body, or of none because of err.
func Read(obj map[string]json.RawMessage, err error, faults Faults) *Reader {
	return &Reader{faults: faults, obj: obj, fail: err}
}

// Known names members that are accepted and not used.
func (p *Reader) Known(names ...string) { p.seen = append(p.seen, names...) }

// Has reports whether a member is there, whatever it holds.
func (p *Reader) Has(name string) bool {
	p.Known(name)
	_, ok := p.obj[name]
	return ok
}

func (p *Reader) raw(name string) (json.RawMessage, bool) {
	p.Known(name)
	if p.fail != nil {
		return nil, false
	}
	raw, ok := p.obj[name]
	return raw, ok
}

// Invalid makes a member's breach of its rule the fault, if it is the first.
func (p *Reader) Invalid(name string) { p.refuse(p.faults.Invalid, name) }

// Missing is Invalid for a member that is not there.
func (p *Reader) Missing(name string) { p.refuse(p.faults.Missing, name) }

func (p *Reader) refuse(as func(name string) error, name string) {
	if p.fail == nil {
		p.fail = as(name)
	}
}

// Opt reads a text that may be absent.
func (p *Reader) Opt(name string, r Rule) string {
	raw, ok := p.raw(name)
	if !ok {
		return ""
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil || !r.Fits(*text) {
		p.Invalid(name)
		return ""
	}
	if r.Lower {
		return strings.ToLower(*text)
	}
	return *text
}

// OptNull is Opt for members that may be null.
func (p *Reader) OptNull(name string, r Rule) string {
	if raw, ok := p.raw(name); ok && string(raw) == "null" {
		return ""
	}
	return p.Opt(name, r)
}

// Fits reports whether a text follows the rule.
func (r Rule) Fits(text string) bool {
	if text == "" {
		return r.Empty
	}
	if r.Max > 0 && utf8.RuneCountInString(text) > r.Max {
		return false
	}
	return r.Re == nil || r.Re.MatchString(text)
}

// Need reads a text that must be there.
func (p *Reader) Need(name string, r Rule) string {
	p.Known(name)
	if _, ok := p.obj[name]; !ok {
		p.Missing(name)
	}
	return p.Opt(name, r)
}

// Choice reads an optional text out of a list.
func (p *Reader) Choice(name string, values ...string) string {
	text := p.Opt(name, Rule{Max: 256})
	if text != "" && !slices.Contains(values, text) {
		p.Invalid(name)
		return ""
	}
	return text
}

// Integer reads an optional whole number within bounds.
func (p *Reader) Integer(name string, low, high int64) (n int64, given bool) {
	raw, ok := p.raw(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < low || n > high {
		p.Invalid(name)
		return 0, false
	}
	return n, true
}

// Decode reads any optional member into v and reports whether it did.
func (p *Reader) Decode(name string, v any) bool {
	raw, ok := p.raw(name)
	if !ok {
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, v) != nil {
		p.Invalid(name)
		return false
	}
	return true
}

// Shapes of the members of metricsContext.
var (
	metricsEntryRule = Rule{Max: 128, Empty: true, Re: regexp.MustCompile(`^[\w.:-]*$`)}
	metricsUTMRule   = Rule{Max: 128, Empty: true, Re: regexp.MustCompile(`^[\w/.%-]*$`)}
	metricsRules     = map[string]Rule{
		"deviceId": Hex32, "flowId": Hex64, "productId": {Max: 128}, "planId": {Max: 128},
		"entrypoint": metricsEntryRule, "entrypointExperiment": metricsEntryRule, "entrypointVariation": metricsEntryRule,
		"utmCampaign": metricsUTMRule, "utmContent": metricsUTMRule, "utmMedium": metricsUTMRule, "utmSource": metricsUTMRule, "utmTerm": metricsUTMRule,
	}
)

// MetricsContext checks the flow values many requests may carry.
func (p *Reader) MetricsContext() {
	var m map[string]json.RawMessage
	if !p.Decode("metricsContext", &m) {
		return
	}
	for name, raw := range m {
		var text string
		if r, ok := metricsRules[name]; ok && (json.Unmarshal(raw, &text) != nil || !r.Fits(text)) {
			p.Invalid("metricsContext")
		}
	}
	_, id := m["flowId"]
	begin, began := m["flowBeginTime"]
	if n, err := strconv.ParseInt(string(begin), 10, 64); id != began || began && (err != nil || n <= 0) {
		p.Invalid("metricsContext")
	}
}

// Done returns the first failure.
func (p *Reader) Done() error {
	if p.fail != nil || p.faults.Surplus == nil {
		return p.fail
	}
	for name := range p.obj {
		if !slices.Contains(p.seen, name) {
			return p.faults.Surplus(name)
		}
	}
	return nil
}
