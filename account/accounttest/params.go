package accounttest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rule is what a text parameter must look like.
type rule struct {
	max   int
	re    *regexp.Regexp
	empty bool // "" is allowed
	lower bool // letters are turned into small ones
}

func hexRule(digits int) rule {
	return rule{max: digits, lower: true, re: regexp.MustCompile(fmt.Sprintf(`^[a-fA-F0-9]{%d}$`, digits))}
}

func lowerHexRule(digits int) rule {
	return rule{max: digits, re: regexp.MustCompile(fmt.Sprintf(`^[a-f0-9]{%d}$`, digits))}
}

// The shapes of parameters, with the sizes the servers document.
var (
	clientIDRule  = lowerHexRule(16)
	secretRule    = lowerHexRule(64)
	hex32Rule     = hexRule(32)
	hex64Rule     = hexRule(64)
	scopeRule     = rule{max: 256, empty: true, re: regexp.MustCompile(`^[a-zA-Z0-9 _/.:-]*$`)}
	stateRule     = rule{max: 512}
	challengeRule = rule{max: 43, re: regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)}
	verifierRule  = rule{max: 128, re: regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)}
	jweRule       = rule{max: 1024, re: regexp.MustCompile(`^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$`)}
	emailRule     = rule{max: 255, re: regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)}
	serviceRule   = rule{max: 16, empty: true, re: regexp.MustCompile(`^[a-zA-Z0-9-]*$`)}
	shortRule     = rule{max: 256}
	uriRule       = rule{max: 256, re: regexp.MustCompile(`^https?://[^\s]+$`)}
	resourceRule  = rule{max: 2048, re: regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[^#\s]+$`)}
	tokenRule     = rule{max: 1024, re: regexp.MustCompile(`^([a-f0-9]{64}|[\w-]+\.[\w-]+\.[\w-]+)$`)}
)

// params reads the members of a request. The first failure stays; later calls
// give zero values, so a handler checks done once.
type params struct {
	c    *call
	obj  map[string]json.RawMessage
	seen []string
	fail error
}

// params decodes the body.
func (c *call) params() *params {
	obj, err := c.object()
	return &params{c: c, obj: obj, fail: err}
}

// known names members that are accepted and not used.
func (p *params) known(names ...string) { p.seen = append(p.seen, names...) }

func (p *params) has(name string) bool {
	p.known(name)
	_, ok := p.obj[name]
	return ok
}

func (p *params) raw(name string) (json.RawMessage, bool) {
	p.known(name)
	if p.fail != nil {
		return nil, false
	}
	raw, ok := p.obj[name]
	return raw, ok
}

func (p *params) invalid(name string) {
	if p.fail == nil {
		p.fail = p.c.invalid(name)
	}
}

// opt reads a text that may be absent.
func (p *params) opt(name string, r rule) string {
	raw, ok := p.raw(name)
	if !ok {
		return ""
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil || !r.fits(*text) {
		p.invalid(name)
		return ""
	}
	if r.lower {
		return strings.ToLower(*text)
	}
	return *text
}

// optNull is opt for members that may be null.
func (p *params) optNull(name string, r rule) string {
	if raw, ok := p.raw(name); ok && string(raw) == "null" {
		return ""
	}
	return p.opt(name, r)
}

func (r rule) fits(text string) bool {
	if text == "" {
		return r.empty
	}
	if r.max > 0 && utf8.RuneCountInString(text) > r.max {
		return false
	}
	return r.re == nil || r.re.MatchString(text)
}

// need reads a text that must be there.
func (p *params) need(name string, r rule) string {
	p.known(name)
	if p.fail == nil {
		if _, ok := p.obj[name]; !ok {
			p.fail = p.c.missing(name)
		}
	}
	return p.opt(name, r)
}

// choice reads an optional text out of a list.
func (p *params) choice(name string, values ...string) string {
	text := p.opt(name, rule{max: 256})
	if text != "" && !slices.Contains(values, text) {
		p.invalid(name)
		return ""
	}
	return text
}

// integer reads an optional whole number within bounds.
func (p *params) integer(name string, low, high int64) (n int64, given bool) {
	raw, ok := p.raw(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < low || n > high {
		p.invalid(name)
		return 0, false
	}
	return n, true
}

// decode reads any optional member into v.
func (p *params) decode(name string, v any) bool {
	raw, ok := p.raw(name)
	if !ok {
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, v) != nil {
		p.invalid(name)
		return false
	}
	return true
}

// Shapes of the members of metricsContext.
var (
	metricsEntryRule = rule{max: 128, empty: true, re: regexp.MustCompile(`^[\w.:-]*$`)}
	metricsUTMRule   = rule{max: 128, empty: true, re: regexp.MustCompile(`^[\w/.%-]*$`)}
	metricsRules     = map[string]rule{
		"deviceId": hex32Rule, "flowId": hex64Rule, "productId": {max: 128}, "planId": {max: 128},
		"entrypoint": metricsEntryRule, "entrypointExperiment": metricsEntryRule, "entrypointVariation": metricsEntryRule,
		"utmCampaign": metricsUTMRule, "utmContent": metricsUTMRule, "utmMedium": metricsUTMRule, "utmSource": metricsUTMRule, "utmTerm": metricsUTMRule,
	}
)

// metricsContext checks the flow values many requests may carry.
func (p *params) metricsContext() {
	var m map[string]json.RawMessage
	if !p.decode("metricsContext", &m) {
		return
	}
	for name, raw := range m {
		var text string
		if r, ok := metricsRules[name]; ok && (json.Unmarshal(raw, &text) != nil || !r.fits(text)) {
			p.invalid("metricsContext")
		}
	}
	_, id := m["flowId"]
	begin, began := m["flowBeginTime"]
	if n, err := strconv.ParseInt(string(begin), 10, 64); id != began || began && (err != nil || n <= 0) {
		p.invalid("metricsContext")
	}
}

// done gives the first failure. In lint mode members nobody asked for are one.
func (p *params) done() error {
	if p.fail != nil || !p.c.s.cfg.lint {
		return p.fail
	}
	for name := range p.obj {
		if !slices.Contains(p.seen, name) {
			p.c.s.finding("%s has the unknown member %q", p.c.route, name)
			return p.c.invalid(name)
		}
	}
	return nil
}
