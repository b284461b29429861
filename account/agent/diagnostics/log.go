package diagnostics

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// logTail is how many lines a [Log] keeps for diagnostics.
const logTail = 400

// Log is a [slog.Handler] that takes everything secret out of a record before it passes it on, and
// keeps the last lines for diagnostics. Make it with [NewLog].
type Log struct {
	next  slog.Handler
	group string
	tail  *tail
	attrs []slog.Attr
}

// tail is shared by a Log and those derived from it.
type tail struct {
	mu    sync.Mutex
	lines []string
}

// NewLog returns a handler in front of next.
func NewLog(next slog.Handler) *Log { return &Log{next: next, tail: &tail{}} }

// Enabled asks the handler behind.
func (l *Log) Enabled(ctx context.Context, level slog.Level) bool { return l.next.Enabled(ctx, level) }

// Handle passes on a record without its secrets.
func (l *Log) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	line := []string{r.Time.UTC().Format(time.RFC3339), r.Level.String(), clean.Message}
	note := func(a slog.Attr) { line = append(line, fmt.Sprintf("%s=%v", a.Key, a.Value)) }
	for _, a := range l.attrs {
		note(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		a = redactAttr(a)
		clean.AddAttrs(a)
		a.Key = l.group + a.Key
		note(a)
		return true
	})
	l.tail.add(strings.Join(line, " "))
	return l.next.Handle(ctx, clean)
}

// WithAttrs redacts the attributes once.
func (l *Log) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	named := slices.Clone(l.attrs)
	for i, a := range attrs {
		clean[i] = redactAttr(a)
		named = append(named, slog.Attr{Key: l.group + a.Key, Value: clean[i].Value})
	}
	return &Log{next: l.next.WithAttrs(clean), group: l.group, tail: l.tail, attrs: named}
}

// WithGroup names a group.
func (l *Log) WithGroup(name string) slog.Handler {
	return &Log{next: l.next.WithGroup(name), group: l.group + name + ".", tail: l.tail, attrs: l.attrs}
}

// Tail returns the last lines, oldest first.
func (l *Log) Tail() []string {
	l.tail.mu.Lock()
	defer l.tail.mu.Unlock()
	return slices.Clone(l.tail.lines)
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) >= logTail {
		t.lines = slices.Delete(t.lines, 0, len(t.lines)-logTail+1)
	}
	t.lines = append(t.lines, line)
}

// removed stands in the place of a secret.
const removed = "[removed]"

// secretNames are attributes whose values are never shown, whatever they look like.
var secretNames = kit.Pattern(`(?i)(token|secret|passphrase|password|email|e-mail|cookie|authorization|code|verifier|state|keys?|payload|title)$`)

func redactAttr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		group := value.Group()
		clean := make([]slog.Attr, len(group))
		for i, member := range group {
			clean[i] = redactAttr(member)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	}
	switch value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64:
		return slog.Attr{Key: a.Key, Value: value}
	}
	if a.Key == traceName {
		return slog.String(a.Key, Trace(value.String()))
	}
	if secretNames().MatchString(a.Key) {
		return slog.String(a.Key, removed)
	}
	if value.Kind() == slog.KindString {
		return slog.String(a.Key, Redact(value.String()))
	}
	return slog.String(a.Key, Redact(fmt.Sprint(value.Any())))
}

// The shapes of secrets in free text: what follows the path of a URL, user names in URLs, e-mail
// addresses, hexadecimal and base64 text as long as keys and tokens are, home folders.
var shapes = []struct {
	find func() *regexp.Regexp
	put  string
}{
	{kit.Pattern(`(?i)([a-z][a-z0-9+.-]*://[^\s"'<>?#]*)[?#][^\s"'<>]*`), "$1?" + removed},
	{kit.Pattern(`(?i)([a-z][a-z0-9+.-]*://)[^\s"'<>/?#]*@`), "$1"},
	{kit.Pattern(`[^\s"'<>()=:,;@/\\]+@[^\s"'<>()=:,;@/\\]+\.[A-Za-z]{2,}`), removed},
	{kit.Pattern(`(?i)\b(code|state|token|channel_key|channel_id|keys_jwk|keys_jwe|key)=[^\s&"'<>]+`), "$1=" + removed},
	{kit.Pattern(`(?i)\b(bearer|hawk|vapid)\s+\S+`), "$1 " + removed},
	{kit.Pattern(`\b[0-9a-fA-F]{24,}\b`), removed},
	{kit.Pattern(`[A-Za-z0-9_+/-]{40,}={0,2}`), removed},
	{homes, "$1" + removed},
}

var homes = kit.Pattern(`(/home/|/Users/|\\Users\\)[^/\\\s"']+`)

// traceName is the attribute that holds the trace of a goroutine.
const traceName = "stack"

// Trace takes home folders out of the trace of a goroutine, which else holds names and addresses of the
// program alone. To [Redact] its long paths would look like keys.
func Trace(text string) string { return homes().ReplaceAllString(text, "$1"+removed) }

// Redact takes everything out of a text that might be a secret. It rather takes too much.
func Redact(text string) string {
	for _, s := range shapes {
		text = s.find().ReplaceAllString(text, s.put)
	}
	return text
}
