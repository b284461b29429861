package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/extension/manifest"
)

// extensionCommand is about the browser extension: where browsers find us, and which extensions may send.
func (p *program) extensionCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{Use: "extension", Short: t("cli.extension.short"), Long: t("cli.extension.long")}
	cmd.AddCommand(
		p.manifestsCommand("install", t("cli.extension.install.short"), p.installManifest),
		p.manifestsCommand("remove", t("cli.extension.remove.short"), func(_ context.Context, s manifest.System, b manifest.Browser, force bool) (manifest.Status, error) {
			return s.Remove(b, force)
		}),
		&cobra.Command{
			Use: "list", Short: t("cli.extension.list.short"), Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return p.listExtensions(cmd.Context()) },
		},
		p.manifestCommand(),
		p.decideCommand("allow", t("cli.extension.allow.short"), func() localapi.Decision { return localapi.CallerAllowed }),
		p.revokeCommand(),
	)
	return cmd
}

// forBrowser does something to a browser's manifest.
type forBrowser func(ctx context.Context, s manifest.System, b manifest.Browser, force bool) (manifest.Status, error)

// manifestsCommand does it to the browsers named, or to all that are there.
func (p *program) manifestsCommand(use, short string, do forBrowser) *cobra.Command {
	var names []string
	var force bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.manifests(cmd.Context(), names, force, do) },
	}
	cmd.Flags().StringArrayVar(&names, "browser", nil, p.Words.T("cli.flag.browser", "Names", browserNames()))
	choices(cmd, "browser", strings.Split(browserNames(), ", ")...)
	cmd.Flags().BoolVar(&force, "force", false, p.Words.T("cli.flag.force_manifest"))
	return cmd
}

func browserNames() string {
	var names []string
	for _, b := range manifest.Browsers() {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
}

// browser finds a browser by its name.
func (p *program) browser(name string) (manifest.Browser, error) {
	b, err := manifest.Find(strings.ToLower(name))
	if err != nil {
		return b, p.usage(p.Words.T("cli.error.no_such_browser", "Name", i18n.Plain(name), "Names", browserNames()))
	}
	return b, nil
}

func (p *program) manifests(ctx context.Context, names []string, force bool, do forBrowser) error {
	s, err := manifest.Here(session.LocatePaths(p.demo).Data)
	if err != nil {
		return err
	}
	chosen, err := p.browsers(s, names)
	if err != nil {
		return err
	}
	var done []manifest.Status
	var failed []error
	for _, b := range chosen {
		st, err := do(ctx, s, b, force)
		if errors.Is(err, manifest.ErrForeign) {
			err = &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.foreign_manifest", "Path", st.Path), hint: p.Words.T("cli.hint.force_manifest")}
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		done = append(done, st)
		if p.json {
			continue
		}
		for _, line := range p.manifestLines(b, st) {
			if err := p.print(line); err != nil {
				return err
			}
		}
	}
	if p.json {
		if err := p.printJSON(append([]manifest.Status{}, done...)); err != nil {
			return err
		}
	}
	for len(failed) > 1 { // each has its own words
		p.report(failed[0])
		failed = failed[1:]
	}
	return errors.Join(failed...)
}

// browsers are those named, or else all that the user has.
func (p *program) browsers(s manifest.System, names []string) (chosen []manifest.Browser, err error) {
	for _, name := range names {
		b, err := p.browser(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, b)
	}
	if len(names) > 0 {
		return chosen, nil
	}
	for _, b := range manifest.Browsers() {
		st, err := s.Status(b)
		if err != nil {
			return nil, err
		}
		if st.Present || st.Sandbox != "" || st.State != manifest.Missing {
			chosen = append(chosen, b)
		}
	}
	if len(chosen) == 0 {
		return nil, &failure{
			exit: ExitFailed, code: localapi.CodeNotFound, message: p.Words.T("cli.error.no_browser"),
			hint: p.Words.T("cli.hint.browser", "Names", browserNames()),
		}
	}
	return chosen, nil
}

// installManifest installs a browser's manifest. A browser that exists in a sandbox only cannot use it.
func (p *program) installManifest(_ context.Context, s manifest.System, b manifest.Browser, force bool) (manifest.Status, error) {
	st, err := s.Status(b)
	if err == nil && st.Sandbox != "" && !st.Present && !force {
		return st, nil
	}
	if p.HostProgram == nil {
		return st, p.missing()
	}
	program, err := p.HostProgram(p.demo)
	if err != nil {
		return st, err
	}
	return s.Install(b, program, force)
}

// manifestLines say how a browser's manifest is now.
func (p *program) manifestLines(b manifest.Browser, st manifest.Status) (lines []string) {
	if st.State != manifest.Missing || st.Sandbox == "" {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", b.Title, p.Words.T("cli.extension.state."+string(st.State)), st.Path))
	}
	if st.Sandbox != "" {
		lines = append(lines, b.Title+": "+p.Words.T("cli.extension.sandbox", "Sandbox", st.Sandbox))
	}
	return lines
}

// manifestCommand prints a manifest, for packages.
func (p *program) manifestCommand() *cobra.Command {
	var name, path string
	cmd := &cobra.Command{
		Use: "manifest --browser NAME", Short: p.Words.T("cli.extension.manifest.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return p.usage(p.Words.T("cli.error.which_browser", "Names", browserNames()))
			}
			b, err := p.browser(name)
			if err != nil {
				return err
			}
			if path != "" && path[0] != '/' && !filepath.IsAbs(path) {
				return p.usage(p.Words.T("cli.error.manifest_path")) // no browser would find it, nor say why
			}
			if path == "" {
				if p.HostProgram == nil {
					return p.missing()
				}
				if path, err = p.HostProgram(p.demo); err != nil {
					return err
				}
			}
			text, err := manifest.Text(b, path)
			if err != nil {
				return err
			}
			return p.print(strings.TrimSuffix(string(text), "\n"))
		},
	}
	cmd.Flags().StringVar(&name, "browser", "", p.Words.T("cli.flag.browser", "Names", browserNames()))
	choices(cmd, "browser", strings.Split(browserNames(), ", ")...)
	cmd.Flags().StringVar(&path, "path", "", p.Words.T("cli.flag.manifest_path"))
	return cmd
}

// listExtensions shows where browsers find us, and who sends through us.
func (p *program) listExtensions(ctx context.Context) error {
	s, err := manifest.Here(session.LocatePaths(p.demo).Data)
	if err != nil {
		return err
	}
	var browsers []manifest.Status
	for _, b := range manifest.Browsers() {
		st, err := s.Status(b)
		if err != nil {
			return fmt.Errorf("%s: %w", st.Path, err)
		}
		browsers = append(browsers, st)
	}
	callers, absent := p.callers(ctx)
	if p.json {
		return errors.Join(p.printJSON(ExtensionList{browsers, append([]localapi.Caller{}, callers...)}), absent)
	}
	t := p.Words.T
	var rows [][]string
	for i, b := range manifest.Browsers() {
		rows = append(rows, []string{b.Title, t("cli.extension.state." + string(browsers[i].State)), p.manifestNote(browsers[i])})
	}
	if err := p.table([]string{t("cli.column.browser"), t("cli.column.connection"), ""}, rows); err != nil {
		return err
	}
	if absent != nil || len(callers) == 0 {
		return absent
	}
	rows = nil
	for _, c := range callers {
		last := ""
		if !c.LastSent.IsZero() {
			last = strings.TrimSpace(p.ago(c.LastSent) + " " + c.LastHost)
		}
		rows = append(rows, []string{i18n.OneLine(c.Name, maxCell), t("cli.extension.decision." + string(c.Decision)), strconv.Itoa(c.Links), last, c.ID})
	}
	if err := p.print(""); err != nil {
		return err
	}
	return p.table([]string{t("cli.column.name"), t("cli.column.decision"), t("cli.column.links"), t("cli.column.last"), t("cli.column.extension")}, rows)
}

// manifestNote is what else there is to say of a browser.
func (p *program) manifestNote(st manifest.Status) string {
	switch {
	case st.Sandbox != "" && !st.Present:
		return p.Words.T("cli.extension.sandbox", "Sandbox", st.Sandbox)
	case st.Gone:
		return p.Words.T("cli.extension.gone", "Program", st.Program)
	case st.Program != "":
		return st.Program
	case st.State == manifest.Foreign:
		return st.Path
	}
	return st.Packaged
}

// callers returns the extensions that called.
func (p *program) callers(ctx context.Context) ([]localapi.Caller, error) {
	agent, err := p.agent(ctx)
	if err != nil {
		return nil, err
	}
	s, err := agent.Snapshot(ctx)
	return s.Callers, err
}

func (p *program) decideCommand(use, short string, decision func() localapi.Decision) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIDs(callerIDs),
		RunE: func(cmd *cobra.Command, args []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			s, err := agent.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			c, err := agent.ChangeCaller(cmd.Context(), localapi.CallerChange{ID: callerID(s.Callers, args[0]), Decision: decision()})
			if err != nil {
				return err
			}
			if p.json {
				return p.printJSON(c)
			}
			return p.print(c.ID + ": " + p.Words.T("cli.extension.decision."+string(c.Decision)))
		},
	}
}

func (p *program) revokeCommand() *cobra.Command {
	var forget bool
	cmd := p.decideCommand("revoke", p.Words.T("cli.extension.revoke.short"), func() localapi.Decision {
		if forget {
			return localapi.CallerForgotten
		}
		return localapi.CallerDenied
	})
	cmd.Flags().BoolVar(&forget, "forget", false, p.Words.T("cli.flag.forget"))
	return cmd
}

// callerID completes an id that was given without its browser, if it fits one caller.
func callerID(callers []localapi.Caller, id string) string {
	var fits []string
	for _, c := range callers {
		if _, short, _ := strings.Cut(c.ID, ":"); c.ID == id || short == id {
			fits = append(fits, c.ID)
		}
	}
	if len(fits) == 1 && !slices.Contains(fits, id) {
		return fits[0]
	}
	return id
}
