package localapi

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the calls and types of docs/api.md anew")

// The page of scripts, and where what is made of the source begins in it.
const (
	page   = "../../../docs/api.md"
	marker = "<!-- From here on made of the source: go test ./account/agent/localapi -run TestThePage -update -->\n"
)

// The page names every call with its request and answer, and every type with all its fields, in the words
// of the source: it cannot fall behind.
func TestThePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, have, ok := strings.Cut(string(text), marker)
	if !ok {
		t.Fatal("the page has no place for what is made of the source")
	}
	want := document(t)
	if *update {
		if err := os.WriteFile(page, []byte(head+marker+want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if changes := diff.Diff(want, have); changes != "" {
		t.Errorf("write it anew with -update:\n%s", changes)
	}
}

// shape is what a call takes and gives.
func (c call[In, Out]) shape() (route string, in, out reflect.Type) {
	return c.route, reflect.TypeFor[In](), reflect.TypeFor[Out]()
}

// source is the package's own source.
type source struct {
	types  map[string]*ast.TypeSpec
	docs   map[string]string      // of types
	consts map[string][][2]string // of a type: value and comment
	calls  map[string]string      // what the client's method of a route says
	named  map[string]string      // what names of the source are called on the page
}

func document(t *testing.T) string {
	t.Helper()
	s := readSource(t)
	var b strings.Builder
	b.WriteString("\n## Calls\n\n| call | request | answer | |\n|---|---|---|---|\n")
	used := map[string]bool{"Update": true, "Error": true, "InboxQuery": true}
	for _, c := range everyCall() {
		route, in, out := c.(interface {
			shape() (string, reflect.Type, reflect.Type)
		}).shape()
		if s.calls[route] == "" {
			t.Errorf("no method of the client makes the call %s", route)
		}
		request := s.request(in, used)
		if route == callPageURL.route {
			request += " (" + s.kind(reflect.TypeFor[Page](), used) + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", route, request, s.answer(out, used), s.calls[route])
	}
	fmt.Fprintf(&b, "| `GET /v1/watch` | in the query: `face` (%s), `changes=1` | server-sent events, [Update](#update) in each | %s |\n", s.kind(reflect.TypeFor[Face](), used), cell(s.calls["watch"]))
	b.WriteString("\n## Types\n")
	done := map[string]bool{}
	for len(done) < len(used) {
		for _, name := range order(used) {
			if !done[name] {
				done[name] = true
				s.write(&b, name, used)
			}
		}
	}
	return s.inItsWords(b.String())
}

// numbers are constants and the like by what they are.
var numbers = map[string]string{
	"MaxInboxPage": fmt.Sprint(MaxInboxPage), "DefaultInboxPage": fmt.Sprint(DefaultInboxPage), "RecentEntries": fmt.Sprint(RecentEntries),
	"DefaultInboxEntries": fmt.Sprint(DefaultInboxEntries), "DefaultInboxDays": fmt.Sprint(DefaultInboxDays),
	"FreshFor": inWords(FreshFor), "HoldTime": inWords(HoldTime), "AnswerTime": inWords(AnswerTime),
	"Appearances": "`" + strings.Join(Appearances()[1:], "`, `") + "`", "Client.Watch": "`GET /v1/watch`",
}

func inWords(d time.Duration) string {
	if d >= time.Minute {
		return fmt.Sprint(d.Minutes(), " minutes")
	}
	return fmt.Sprint(d.Seconds(), " seconds")
}

// sourceName is a name of the source, of the client or by itself.
var sourceName = regexp.MustCompile(`(?:\w+\.)?\b[A-Z]\w*`)

// inItsWords puts calls and values in the place of the names that Go programs have for them.
func (s *source) inItsWords(text string) string {
	return sourceName.ReplaceAllStringFunc(text, func(name string) string { return cmp.Or(s.named[name], name) })
}

func order(used map[string]bool) (names []string) {
	for name := range used {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// request says what a call's body is.
func (s *source) request(in reflect.Type, used map[string]bool) string {
	switch {
	case in == reflect.TypeFor[nothing]():
		return ""
	case in.Kind() == reflect.String:
		return "in the path"
	case in == reflect.TypeFor[InboxQuery]():
		return "in the query: `text`, `before`, `limit`, `unread=1`; see [InboxQuery](#inboxquery)"
	case in == reflect.TypeFor[RefreshRequest]():
		return "in the query, all may be missing: `why` (" + s.kind(reflect.TypeFor[RefreshReason](), used) + "), `wait=1`"
	}
	if in.Kind() == reflect.Slice || ast.IsExported(in.Name()) {
		return s.kind(in, used)
	}
	var fields []string
	for _, f := range reflect.VisibleFields(in) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields = append(fields, "`"+name+"` ("+s.kind(f.Type, used)+")")
		}
	}
	return strings.Join(fields, ", ")
}

func (s *source) answer(out reflect.Type, used map[string]bool) string {
	switch {
	case out == reflect.TypeFor[nothing]():
		return "204"
	case out == reflect.TypeFor[[]byte]():
		return "the bytes"
	case out.Kind() == reflect.String:
		return "plain text"
	}
	return s.request(out, used)
}

// kind is a type in words of JSON; our own are noted as used, and linked.
func (s *source) kind(t reflect.Type, used map[string]bool) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.Pointer:
		return s.kind(t.Elem(), used)
	case t.Kind() == reflect.Slice:
		return "list of " + s.kind(t.Elem(), used)
	case t.PkgPath() != "" && s.types[t.Name()] != nil && (t.Kind() == reflect.Struct || len(s.consts[t.Name()]) > 0):
		used[t.Name()] = true
		known[t.Name()] = t
		return "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "number"
	}
}

// known are the types by their names, for what is written about them.
var known = map[string]reflect.Type{"Update": reflect.TypeFor[Update](), "Error": reflect.TypeFor[Error](), "InboxQuery": reflect.TypeFor[InboxQuery]()}

// write writes the section of a type.
func (s *source) write(b *strings.Builder, name string, used map[string]bool) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", name, s.docs[name])
	if values := s.consts[name]; len(values) > 0 {
		b.WriteString("| value | |\n|---|---|\n")
		for _, v := range values {
			fmt.Fprintf(b, "| `%s` | %s |\n", v[0], cell(v[1]))
		}
		return
	}
	b.WriteString("| field | | |\n|---|---|---|\n")
	s.fields(b, name, known[name], used)
}

// fields writes those that stand in the source of name, and are t's.
func (s *source) fields(b *strings.Builder, name string, t reflect.Type, used map[string]bool) {
	structure, ok := s.types[name].Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range structure.Fields.List {
		if len(f.Names) == 0 { // its fields are the type's own
			s.fields(b, f.Type.(*ast.Ident).Name, t, used)
			continue
		}
		for _, id := range f.Names {
			field, ok := t.FieldByName(id.Name)
			if !ok {
				panic(name + " has no " + id.Name)
			}
			if !field.IsExported() {
				continue
			}
			tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if tag == "" {
				tag = strings.ToLower(id.Name)
			}
			kind := s.kind(field.Type, used)
			if options != "" {
				kind += ", may be missing"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", tag, kind, cell(f.Doc.Text()+" "+f.Comment.Text()))
		}
	}
}

// readSource reads the package's source.
func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{types: map[string]*ast.TypeSpec{}, docs: map[string]string{}, consts: map[string][][2]string{}, calls: map[string]string{}, named: maps.Clone(numbers)}
	routes := map[string]string{} // by the call's variable
	text, err := os.ReadFile("calls.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(call\w+)\s+= \w.*"((?:GET|POST|PUT|PATCH|DELETE) [^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		routes[m[1]] = m[2]
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				s.declared(d)
			case *ast.FuncDecl:
				s.method(d, routes)
			}
		}
	}
	s.docs["Error"] = "What a call that is refused answers, with an HTTP status of 400 or more."
	return s
}

func (s *source) declared(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc.Text()
			if doc == "" {
				doc = d.Doc.Text()
			}
			s.types[spec.Name.Name], s.docs[spec.Name.Name] = spec, plainText(doc)
		case *ast.ValueSpec:
			id, ok := spec.Type.(*ast.Ident)
			if !ok || len(spec.Values) != 1 {
				continue
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				s.named[spec.Names[0].Name] = "`" + strings.Trim(value.Value, `"`) + "`"
				s.consts[id.Name] = append(s.consts[id.Name], [2]string{strings.Trim(value.Value, `"`), spec.Comment.Text()})
			}
		}
	}
}

// method notes what a method of the client says about the call that it makes.
func (s *source) method(d *ast.FuncDecl, routes map[string]string) {
	if d.Recv == nil || d.Doc == nil || !d.Name.IsExported() {
		return
	}
	if star, ok := d.Recv.List[0].Type.(*ast.StarExpr); !ok || star.X.(*ast.Ident).Name != "Client" {
		return
	}
	says := cell(strings.TrimPrefix(d.Doc.Text(), d.Name.Name+" "))
	if d.Name.Name == "Watch" {
		s.calls["watch"] = says
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && routes[id.Name] != "" {
			s.calls[routes[id.Name]] = says
			s.named["Client."+d.Name.Name] = "`" + routes[id.Name] + "`"
		}
		return true
	})
}

// goName is a reference to something of the package, in brackets.
var goName = regexp.MustCompile(`\[\*?([\w.]+)\]`)

// plainText is a comment for people who do not read Go.
func plainText(text string) string {
	return strings.TrimSpace(goName.ReplaceAllString(text, "$1"))
}

// cell is a comment in one line of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(plainText(text)), " "), "|", `\|`)
}
