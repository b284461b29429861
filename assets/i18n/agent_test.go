package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Everything the agent says, it says in every language: no sentence and no hint stays English, none is
// left over, and what stands in the places of one stands in those of the other.
func TestEveryPhraseIsTranslated(t *testing.T) {
	place := regexp.MustCompile(`\{(\w+)\}`)
	english := map[string]string{}
	for _, p := range phrases(t) {
		if english["agent."+p.Key] != "" {
			t.Errorf("two phrases are called %s", p.Key)
		}
		english["agent."+p.Key] = p.Text
		if p.Hint != "" {
			english["agent."+p.Key+".hint"] = p.Hint
		}
	}
	for _, lang := range Languages()[1:] {
		texts, words := read(t, "agent."+lang+".toml"), New(lang)
		for key, text := range english {
			var args, want []string
			for _, m := range place.FindAllStringSubmatch(text, -1) {
				args, want = append(args, m[1], "<"+m[1]+">"), append(want, m[1])
			}
			slices.Sort(want)
			said := words.Say(text, strings.TrimPrefix(key, "agent."), args)
			if got := placeholders(texts[key][""]); said == text || strings.Contains(said, "<no value>") || !slices.Equal(got, slices.Compact(want)) {
				t.Errorf("%s: %s is said as %q, with places %v", lang, key, said, got)
			}
		}
		for key := range maps.Keys(texts) {
			if english[key] == "" {
				t.Errorf("%s: nobody says %s", lang, key)
			}
		}
	}
	if got := New("en").Say("As it is.", "offline", nil); got != "As it is." {
		t.Errorf("English is said as %q", got)
	}
}

// phrases are all that the sources make, for whichever system. Their parts are texts, or constants of the same file.
func phrases(t *testing.T) (all []localapi.Phrase) {
	t.Helper()
	files := token.NewFileSet()
	read := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !calls(call, "NewPhrase") {
				return true
			}
			var parts []string
			for _, part := range call.Args {
				text, ok := constant(file, part)
				if !ok {
					t.Errorf("%s: a phrase is made of something else than constants", files.Position(part.Pos()))
				}
				parts = append(parts, text)
			}
			all = append(all, localapi.NewPhrase(parts[0], parts[1], parts[2]))
			return true
		})
		return nil
	}
	for _, room := range []string{"account", "notify", "ui"} {
		if err := filepath.WalkDir(filepath.Join("..", "..", room), read); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// calls reports whether a call is one of a function of this name, of whichever package.
func calls(call *ast.CallExpr, name string) bool {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name == name
	case *ast.SelectorExpr:
		return function.Sel.Name == name
	}
	return false
}

// constant is the text of a literal, or of a constant that a file declares.
func constant(file *ast.File, e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.Ident:
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, is := n.(*ast.ValueSpec); is && len(spec.Values) == 1 && spec.Names[0].Name == e.Name {
				text, ok = constant(file, spec.Values[0])
			}
			return true
		})
	}
	return text, ok
}
