package cli_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/extension/manifest"
)

var update = flag.Bool("update", false, "write docs/commands.md and testdata/json.txtar anew")

// The page of commands, and where what is made of the source begins in it.
const (
	page   = "../../docs/commands.md"
	marker = "<!-- From here on made of the source: go test ./ui/cli -run TestThePage -update -->\n"
)

// lines says that a command prints a value on each line, and any that its own page tells.
type lines struct{ of any }

// outputs is what each command prints with --json: a value, nil for nothing, or lines of them.
var outputs = map[string]any{
	"send": []localapi.OutboxEntry{}, "close": []localapi.OutboxEntry{},
	"inbox": []localapi.InboxEntry{}, "inbox open": nil, "inbox read": nil, "inbox delete": nil, "inbox forget-damaged": nil, "inbox forget-earlier": nil,
	"outbox": []localapi.OutboxEntry{}, "outbox retry": nil, "outbox delete": nil,
	"devices": []localapi.Device{}, "devices disconnect": nil, "quiet": nil, "rename": nil, "refresh": localapi.Snapshot{},
	"settings": localapi.Settings{}, "settings list": localapi.Settings{}, "settings set": localapi.Settings{}, "settings get": "the value",
	"pair show": lines{cli.PairingStep{}}, "pair join": lines{cli.PairingStep{}},
	"signin": localapi.Account{}, "signout": nil, "unlock": nil,
	"status": localapi.Snapshot{}, "watch": lines{localapi.Update{}}, "diagnostics": cli.DiagnosticsText{},
	"extension install": []manifest.Status{}, "extension remove": []manifest.Status{}, "extension list": cli.ExtensionList{},
	"extension allow": localapi.Caller{}, "extension revoke": localapi.Caller{}, "extension manifest": "the manifest",
	"events serve": nil, "events fetch": []localapi.AccountEvent{},
	"demo serve": nil, "demo stop": nil, "demo send-me": nil, "demo scan": nil, "demo show-code": cli.CodeText{}, "demo report": "what the demo world holds; for tests",
	"window": nil, "agent": nil, "quit": nil, "version": cli.VersionInfo{},
}

// runnable are the commands that do something, by their names, in the order of the tree. Those that only
// write texts for people and shells are left out.
func runnable(parent *cobra.Command) (all []*cobra.Command) {
	for _, c := range parent.Commands() {
		if c.Name() == "help" || c.Name() == "completion" || c.Hidden {
			continue
		}
		if !cli.Group(c) {
			all = append(all, c)
		}
		all = append(all, runnable(c)...)
	}
	return all
}

func name(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "tabferry ") }

func tree() *cobra.Command { return cli.Tree(cli.Params{Words: i18n.New("en")}) }

// The page names every command with its options and what it prints with --json, in the words of the source:
// it cannot fall behind.
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
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("write it anew with -update:\n%s", diff)
	}
}

func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## Commands\n")
	known := map[string]bool{}
	for _, c := range runnable(tree()) {
		known[name(c)] = true
		fmt.Fprintf(&b, "\n### %s\n\n`%s`\n\n%s\n", name(c), strings.TrimSuffix(c.UseLine(), " [flags]"), sentence(c))
		options(&b, c)
		out, ok := outputs[name(c)]
		if !ok {
			t.Errorf("what %s prints with --json is not written down", name(c))
		}
		fmt.Fprintf(&b, "\nWith `--json`: %s.\n", printed(out))
	}
	for name := range outputs {
		if !known[name] {
			t.Errorf("there is no command %s", name)
		}
	}
	b.WriteString("\n## Types\n\nThose that are not here are the local API's: [api.md](api.md#types).\n")
	docs := ownTypes(t)
	for _, v := range []any{cli.PairingStep{}, cli.VersionInfo{}, cli.DiagnosticsText{}, cli.ExtensionList{}, manifest.Status{}, cli.CodeText{}, cli.Failure{}} {
		t := reflect.TypeOf(v)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| field | |\n|---|---|\n", t.Name(), docs[t.Name()])
		fields(&b, t, docs)
	}
	return b.String()
}

func sentence(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return c.Short + "."
}

func options(b *strings.Builder, c *cobra.Command) {
	head := "\n| option | |\n|---|---|\n"
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			usage += " (else " + f.DefValue + ")"
		}
		fmt.Fprintf(b, "%s| `%s` | %s |\n", head, strings.TrimSpace("--"+f.Name+" "+value), usage)
		head = ""
	})
}

// printed says what a command prints.
func printed(out any) string {
	switch out := out.(type) {
	case nil:
		return "nothing"
	case string:
		return out
	case lines:
		return "one line for each step, " + kind(reflect.TypeOf(out.of))
	default:
		return kind(reflect.TypeOf(out))
	}
}

func kind(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.Pointer:
		return kind(t.Elem())
	case t.Kind() == reflect.Slice:
		return "list of " + kind(t.Elem())
	case t.Kind() == reflect.Struct && strings.HasSuffix(t.PkgPath(), "/localapi"):
		return fmt.Sprintf("[%s](api.md#%s)", t.Name(), strings.ToLower(t.Name()))
	case t.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "number"
	default:
		return "text"
	}
}

// fields writes the fields of a type; those of an embedded one are its own, as in JSON.
func fields(b *strings.Builder, t reflect.Type, docs map[string]string) {
	for f := range t.Fields() {
		if f.Anonymous && strings.HasSuffix(f.Type.PkgPath(), "/localapi") {
			fmt.Fprintf(b, "| … | all of %s |\n", kind(f.Type))
			continue
		}
		if f.Anonymous {
			fields(b, f.Type, docs)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if strings.HasPrefix(rest, "omit") {
			rest = ", may be missing"
		}
		said := kind(f.Type) + rest
		if doc := docs[t.Name()+"."+f.Name]; doc != "" {
			said += ". " + doc
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, said)
	}
}

// ownTypes reads the comments of types and fields of the sources.
func ownTypes(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, dir := range []string{".", "../extension/manifest"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+f.Name(), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if d, ok := n.(*ast.GenDecl); ok && len(d.Specs) == 1 {
					if spec, ok := d.Specs[0].(*ast.TypeSpec); ok && spec.Doc == nil {
						spec.Doc = d.Doc
					}
				}
				if spec, ok := n.(*ast.TypeSpec); ok {
					typeDocs(docs, spec)
				}
				return true
			})
		}
	}
	return docs
}

func typeDocs(docs map[string]string, spec *ast.TypeSpec) {
	docs[spec.Name.Name] = strings.ReplaceAll(strings.TrimSpace(spec.Doc.Text()), "\n", " ")
	structure, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range structure.Fields.List {
		for _, n := range f.Names {
			docs[spec.Name.Name+"."+n.Name] = strings.ReplaceAll(strings.TrimSpace(f.Doc.Text()), "\n", " ")
		}
	}
}
