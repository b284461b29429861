package cli

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// EventServer says how events are to be received, and where.
type EventServer struct {
	// Listen is the address to listen at, Path where the accounts server posts its events.
	Listen, Path string
	// Issuer is the origin of the accounts server, ClientID the OAuth client that the address is registered for.
	Issuer, ClientID string
	// File keeps the events; empty is one in the data folder.
	File string
	// BehindProxy says that a reverse proxy on this machine tells whom requests come from.
	BehindProxy bool
	// URL is what is checked: the address that is registered. Empty is Listen and Path.
	URL string
}

// Events is the receiver of the accounts server's events.
type Events interface {
	// Serve receives and hands out events until ctx ends.
	Serve(ctx context.Context, s EventServer) error
	// Check sends a forged event to a receiver that runs, and returns nil if it is refused.
	Check(ctx context.Context, s EventServer) error
}

func (p *program) eventsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "events", Short: p.Words.T("cli.events.short")}
	cmd.AddCommand(p.eventsServeCommand(), p.eventsFetchCommand())
	return cmd
}

func (p *program) eventsServeCommand() *cobra.Command {
	t := p.Words.T
	var s EventServer
	var check bool
	cmd := &cobra.Command{
		Use: "serve", Short: t("cli.events.serve.short"), Long: t("cli.events.serve.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.Events == nil {
				return p.missing()
			}
			if s.ClientID == "" {
				return p.usage(t("cli.error.no_client_id"))
			}
			if !servable(s.Path) {
				return p.usage(t("cli.error.events_path", "Path", EventsFetchPath))
			}
			if !check {
				return p.Events.Serve(cmd.Context(), s)
			}
			if err := p.Events.Check(cmd.Context(), s); err != nil {
				return err
			}
			return p.print(t("cli.events.checked"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Listen, "listen", "127.0.0.1:8787", t("cli.flag.listen"))
	f.StringVar(&s.Issuer, "issuer", "https://accounts.firefox.com", t("cli.flag.issuer"))
	f.StringVar(&s.ClientID, "client-id", "", t("cli.flag.client_id"))
	f.StringVar(&s.Path, "path", "/events", t("cli.flag.events_path"))
	f.StringVar(&s.File, "file", "", t("cli.flag.events_file"))
	f.BoolVar(&s.BehindProxy, "behind-proxy", false, t("cli.flag.behind_proxy"))
	f.BoolVar(&check, "check", false, t("cli.flag.events_check"))
	f.StringVar(&s.URL, "url", "", t("cli.flag.events_url"))
	return cmd
}

// servable reports whether requests for a path arrive at it as it is written, and at nothing else.
func servable(p string) bool {
	const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._~-"
	return strings.HasPrefix(p, "/") && strings.Trim(p, signs) == "" && path.Clean(p) == p && p != EventsFetchPath
}

// EventsFetchPath is where installations ask for their events.
const EventsFetchPath = "/v1/events"

func (p *program) eventsFetchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "fetch", Short: p.Words.T("cli.events.fetch.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			list, err := agent.FetchEvents(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return p.printJSON(append([]localapi.AccountEvent{}, list...))
			}
			if len(list) == 0 {
				return p.print(p.Words.T("cli.events.none"))
			}
			var lines []string
			for _, e := range list {
				lines = append(lines, i18n.Plain(fmt.Sprintf("%s %s", e.At.In(p.Now().Location()).Format("2006-01-02 15:04:05"), e.Event)))
			}
			return p.print(strings.Join(lines, "\n"))
		},
	}
}
