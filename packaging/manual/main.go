// Command manual prints the manual page of tabferry, made from its own commands, so that it never tells
// of one that does not exist.
//
//	go run ./packaging/manual VERSION >tabferry.1
//	go run ./packaging/manual VERSION de >de/tabferry.1
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

func main() {
	language := "en"
	switch len(os.Args) {
	case 2:
	case 3:
		language = os.Args[2]
	default:
		fmt.Fprintln(os.Stderr, "usage: manual VERSION [LANGUAGE]")
		os.Exit(2)
	}
	if err := write(os.Stdout, i18n.New(language), os.Args[1], date(os.Getenv("SOURCE_DATE_EPOCH"))); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// date is the day of the sources, or today.
func date(epoch string) string {
	var seconds int64
	if _, err := fmt.Sscan(epoch, &seconds); err != nil {
		return time.Now().UTC().Format(time.DateOnly)
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
}

// page writes roff and remembers the first error.
type page struct {
	out io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// write prints the page in a language.
func write(out io.Writer, words *i18n.Catalogue, version, day string) error {
	root := cli.Tree(cli.Params{Words: words})
	p := &page{out: out}
	t := func(key string, args ...any) string { return plain(words.T("manual."+key, args...)) }
	p.line(`.TH TABFERRY 1 %s "Tabferry %s" "%s"`, day, version, t("section"))
	p.line(".SH %s\ntabferry, tabferry\\-window \\- %s", t("name"), plain(strings.TrimSuffix(strings.TrimPrefix(root.Short, "Tabferry "), ".")))
	p.line(".SH %s", t("synopsis"))
	usage := fmt.Sprintf(`[\fI%s\fR] [\fI%s\fR] [\fI%s\fR ...]`, t("options"), t("command"), t("link_or_file"))
	p.line(".B tabferry\n%s\n.br\n.B tabferry\\-window\n%s", usage, usage)
	p.line(".SH %s", t("description"))
	p.paragraphs(root.Long)
	p.line(".PP\n%s", t("both", "Window", "tabferry-window"))
	p.line(".SH %s", t("options_head"))
	p.flags(root.PersistentFlags())
	p.flags(root.LocalNonPersistentFlags())
	p.line(".SH %s", t("commands"))
	p.commands(root)
	p.line(".SH %s", t("environment"))
	p.terms([][2]string{
		{"TABFERRY_OPENER", t("opener")},
		{"LANGUAGE, LC_ALL, LC_MESSAGES, LANG", t("language")},
		{"https_proxy, http_proxy, all_proxy, no_proxy", t("proxies")},
	})
	p.line(".SH %s", t("files"))
	p.terms([][2]string{
		{"~/.local/share/tabferry", t("stored")},
		{"$XDG_RUNTIME_DIR/tabferry/agent.sock", t("socket")},
	})
	p.line(".SH %s\n%s", t("see_also"), t("readme", "Folder", "/usr/share/doc/tabferry"))
	return p.err
}

// terms writes names and what they stand for.
func (p *page) terms(terms [][2]string) {
	for _, term := range terms {
		p.line(".TP\n.B %s\n%s", plain(term[0]), term[1])
	}
}

// commands writes a paragraph for each command that does something, in the order of the tree.
func (p *page) commands(parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if c.Hidden {
			continue
		}
		if cli.Group(c) || c.Name() == "completion" {
			p.commands(c)
			continue
		}
		p.line(".SS %s", heading(c))
		if c.Long == "" || parent.Name() == "completion" { // a package brings these along
			p.paragraphs(c.Short)
		} else {
			p.paragraphs(c.Long)
		}
		p.flags(c.LocalNonPersistentFlags())
		if c.Example != "" {
			p.line(".PP\n.nf\n%s\n.fi", plain(c.Example))
		}
		p.commands(c)
	}
}

// heading is how a command is called.
func heading(c *cobra.Command) string { return plain(strings.TrimSuffix(c.UseLine(), " [flags]")) }

// flags writes what options there are.
func (p *page) flags(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			value = ` \fI` + plain(value) + `\fR`
		}
		p.line(".TP\n\\fB%s\\fR%s\n%s", plain("--"+f.Name), value, plain(usage))
	})
}

// paragraphs writes a text with empty lines between its paragraphs.
func (p *page) paragraphs(text string) {
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.Contains(paragraph, "\n  ") { // it is set out by hand
			p.line(".PP\n.nf\n%s\n.fi", plain(paragraph))
			continue
		}
		p.line(".PP\n%s", plain(paragraph))
	}
}

// plain writes a text so that roff takes nothing in it for a request.
func plain(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
