package cli

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
)

// program is one run of the command line.
type program struct {
	Params
	in   *bufio.Reader // over Params.In: several questions read from it in turn
	demo bool
	json bool
}

// Run runs the command line args (without the program's name) and returns the exit code. Params without a
// Client are an error like any other.
func Run(ctx context.Context, params Params, args []string) int {
	p := &program{Params: params.withDefaults()}
	if p.Client == nil {
		return p.report(errors.New("cli: Params.Client is needed"))
	}
	p.in = bufio.NewReader(p.In)
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	return p.report(err)
}

// root makes the command tree.
func (p *program) root() *cobra.Command {
	t := p.Words.T
	root := &cobra.Command{
		Use:               "tabferry",
		Short:             t("cli.about"),
		Long:              strings.Join([]string{t("cli.about"), t("cli.exit_codes"), p.limits()}, "\n\n"),
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              p.itemsOrNothing,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.window(cmd.Context(), WindowStart{Items: args})
		},
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetUsageFunc(p.writeUsage)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return p.usage(err.Error()) })
	root.PersistentFlags().BoolVar(&p.demo, "demo", false, t("cli.flag.demo"))
	root.PersistentFlags().BoolVar(&p.json, "json", false, t("cli.flag.json"))
	root.AddCommand(
		p.windowCommand(), p.agentCommand(), p.quitCommand(),
		p.sendCommand(), p.closeCommand(),
		p.inboxCommand(), p.outboxCommand(), p.devicesCommand(), p.renameCommand(), p.settingsCommand(),
		p.pairCommand(),
		p.signInCommand(), p.signOutCommand(), p.unlockCommand(),
		p.statusCommand(), p.watchCommand(), p.diagnosticsCommand(),
		p.demoCommand(), p.versionCommand(),
	)
	root.AddCommand(p.More...)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = t("cli.help.short")
		case "completion":
			c.Short = t("cli.completion.short")
		}
	}
	for _, c := range append(root.Commands(), root) {
		p.mendArgs(c)
	}
	return root
}

// mendArgs turns cobra's complaints about arguments into ours, so that they exit with 2 and speak
// the user's language.
func (p *program) mendArgs(c *cobra.Command) {
	c.InitDefaultHelpFlag()
	if f := c.Flags().Lookup("help"); f != nil {
		f.Usage = p.Words.T("cli.flag.help")
	}
	if !c.Runnable() {
		// A group of commands: alone it shows its help, with an unknown word it complains.
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	check := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		if check == nil {
			check = cobra.ArbitraryArgs
			if cmd.HasSubCommands() {
				check = cobra.NoArgs
			}
		}
		if err := check(cmd, args); err != nil {
			var known *failure
			if errors.As(err, &known) {
				return err
			}
			return p.usage(p.Words.T("cli.error.arguments", "Usage", strings.TrimSuffix(cmd.UseLine(), " [flags]")))
		}
		return nil
	}
	for _, below := range c.Commands() {
		p.mendArgs(below)
	}
}

// itemsOrNothing lets links and existing files through, as "Open with" hands them over; anything
// else is a command nobody knows.
func (p *program) itemsOrNothing(_ *cobra.Command, args []string) error {
	for _, a := range args {
		_, why := link.One(a)
		if why == link.Fine {
			continue
		}
		path, ok := link.FilePath(a)
		if !ok {
			path = a
		}
		if _, err := os.Stat(path); err != nil {
			if why != link.NoScheme && why != link.OtherScheme && why != link.Nothing {
				return p.notALink(a, why)
			}
			return p.usage(p.Words.T("cli.error.unknown_command", "Name", i18n.Plain(a)))
		}
	}
	return nil
}

// agent makes sure that an agent runs and returns the way to it.
func (p *program) agent(ctx context.Context) (*localapi.Client, error) {
	if p.EnsureAgent != nil {
		if err := p.EnsureAgent(ctx, p.demo); err != nil {
			return nil, p.notReachable(err)
		}
	}
	return p.present(), nil
}

// present returns the way to the agent, running or not. To people it says everything in their language;
// scripts get English.
func (p *program) present() *localapi.Client {
	c := p.Client(p.demo)
	if !p.json {
		c.Speak(func(_ string, s localapi.Sentence) string { return p.Words.Say(s.Text, s.Said.Key, s.Said.Args) })
	}
	return c
}

// limits says how long a command may take when the agent hangs.
func (p *program) limits() string {
	return p.Words.T("cli.limits", "Answer", int(localapi.AnswerTime.Seconds()), "Server", int(localapi.ServerTime.Minutes()))
}
