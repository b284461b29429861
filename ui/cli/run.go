package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
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
	role func(ctx context.Context) error // what is played when the command has ended
	// unsaid is why a help text could not be written, for which the commands have no error.
	unsaid error
}

// Run runs the command line args (without the program's name) and returns the exit code. Params without a
// Client are an error like any other.
func Run(ctx context.Context, params Params, args []string) int {
	p, err := execute(ctx, params, args)
	if role := p.role; err == nil && role != nil {
		// A role is played for days, and nothing of the command stays for it: its texts were a twelfth of an agent's heap.
		p = &program{Params: params.withDefaults(), json: p.json}
		err = role(ctx)
	}
	if err == nil {
		return ExitOK
	}
	return p.report(err)
}

// execute runs the command that args name.
func execute(ctx context.Context, params Params, args []string) (*program, error) {
	p := &program{Params: params.withDefaults()}
	if p.Client == nil {
		return p, errors.New("cli: Params.Client is needed")
	}
	p.in = bufio.NewReader(input{ctx, p.In})
	root := p.root(args)
	root.SetArgs(args)
	return p, cmp.Or(root.ExecuteContext(ctx), p.unsaid)
}

// Tree returns the commands, for what is made from them: the manual page. They are not to be run.
func Tree(params Params) *cobra.Command {
	return (&program{Params: params.withDefaults()}).root(nil)
}

// root makes the command tree, or of it what the command line args names.
func (p *program) root(args []string) *cobra.Command {
	t := p.Words.T
	var version bool
	root := &cobra.Command{
		Use:               "tabferry",
		Short:             t("cli.about"),
		Long:              strings.Join([]string{t("cli.about"), t("cli.exit_codes"), p.limits()}, "\n\n"),
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              p.itemsOrNothing,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		RunE: func(cmd *cobra.Command, args []string) error {
			if version {
				return p.printVersion()
			}
			return p.window(cmd.Context(), WindowStart{Items: args})
		},
	}
	root.Flags().BoolVar(&version, "version", false, t("cli.version.short")) // what packagers' scripts try first
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetUsageFunc(p.writeUsage)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if before, _, _ := strings.Cut(strings.Join(args, "\n")+"\n", "--\n"); slices.Contains(strings.Split(before, "\n"), "--json") {
			p.json = true // also when it stands behind what is wrong
		}
		return p.badFlag(err)
	})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { p.unsaid = p.help(c) })
	root.PersistentFlags().BoolVar(&p.demo, "demo", false, t("cli.flag.demo"))
	root.PersistentFlags().BoolVar(&p.json, "json", false, t("cli.flag.json"))
	p.addCommands(root, args)
	for _, c := range append(root.Commands(), root) {
		p.mendArgs(c)
	}
	return root
}

// addCommands adds the command that args begin with, or all when they name none: a tree with every flag and
// every text costs more than most commands do.
func (p *program) addCommands(root *cobra.Command, args []string) {
	all := map[string]func() *cobra.Command{
		"window": p.windowCommand, "agent": p.agentCommand, "quit": p.quitCommand,
		"send": p.sendCommand, "close": p.closeCommand,
		"inbox": p.inboxCommand, "outbox": p.outboxCommand, "devices": p.devicesCommand, "rename": p.renameCommand,
		"settings": p.settingsCommand, "pair": p.pairCommand, "extension": p.extensionCommand,
		"signin": p.signInCommand, "signout": p.signOutCommand, "unlock": p.unlockCommand,
		"status": p.statusCommand, "watch": p.watchCommand, "diagnostics": p.diagnosticsCommand,
		"refresh": p.refreshCommand, "quiet": p.quietCommand,
		"events": p.eventsCommand, "demo": p.demoCommand, "version": p.versionCommand,
	}
	if named := all[firstWord(args)]; named != nil {
		root.AddCommand(named())
		root.CompletionOptions.DisableDefaultCmd = true // that would make five commands more
		return
	}
	for _, one := range all {
		root.AddCommand(one())
	}
	root.AddCommand(p.More...)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = p.Words.T("cli.help.short")
			c.Long = c.Short
			c.Run, c.RunE = nil, p.helpOn
		case "completion":
			c.Short = p.Words.T("cli.completion.short")
			c.Long = c.Short
			for _, shell := range c.Commands() {
				p.translateCompletion(shell)
			}
		}
	}
}

// helpOn shows the help of the command that args name.
func (p *program) helpOn(help *cobra.Command, args []string) error {
	c, rest, err := help.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return p.usage(p.Words.T("cli.error.unknown_command", "Name", i18n.Plain(strings.Join(args, " "))))
	}
	return p.help(c)
}

// translateCompletion says in the user's language what a shell's script is for, and how to load it.
func (p *program) translateCompletion(shell *cobra.Command) {
	load := map[string]string{
		"fish": "tabferry completion fish | source", "powershell": "tabferry completion powershell | Out-String | Invoke-Expression",
	}[shell.Name()]
	if load == "" {
		load = "source <(tabferry completion " + shell.Name() + ")"
	}
	shell.Short = p.Words.T("cli.completion.shell", "Shell", shell.Name())
	shell.Long = shell.Short + "\n\n  " + load
	if f := shell.Flags().Lookup("no-descriptions"); f != nil {
		f.Usage = p.Words.T("cli.flag.no_descriptions")
	}
	if shell.Name() == "bash" {
		shell.RunE = p.completeBash
	}
}

// completeBash prints bash's script. Cobra's puts blanks as they are when several completions fit, and bash writes
// what these begin with: "Firefox on Linux" and "Firefox on Windows" would become three words.
func (p *program) completeBash(bash *cobra.Command, _ []string) error {
	bare, err := bash.Flags().GetBool("no-descriptions")
	if err != nil {
		return err
	}
	var script strings.Builder
	if err := bash.Root().GenBashCompletionV2(&script, !bare); err != nil {
		return err
	}
	return p.print(strings.Replace(script.String(), `(( ${#COMPREPLY[@]} == 1 )); then
            COMPREPLY[0]=$(printf "%q" "${COMPREPLY[0]}")`, `(( ${#COMPREPLY[@]} > 0 )); then
            IFS=$'\n' read -ra COMPREPLY -d '' < <(printf "%q\n" "${COMPREPLY[@]}")`, 1))
}

// LeavesNothing reports whether the command line args names a command that only calls the agent, so that there is
// nothing to take back when it ends in the midst of that: it need not hear what the system wants of it. Hearing
// takes two threads, a tenth of the processor time of `tabferry status`.
func LeavesNothing(args []string) bool {
	switch firstWord(args) {
	case "send", "close", "status", "version":
		return true
	default:
		return false
	}
}

// firstWord is the first of args that is no flag: those that stand before a command take no value.
func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}

// groupMark is the annotation of commands that only hold others.
const groupMark = "group"

// Group reports whether a command of the tree only holds others.
func Group(c *cobra.Command) bool {
	_, group := c.Annotations[groupMark]
	return group
}

// choices offers the values of a flag to the shell.
func choices(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag was defined a line ago
	}
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
		c.Annotations = map[string]string{groupMark: ""}
	}
	if c.ValidArgsFunction == nil && !strings.Contains(c.Use, "FILE") && !strings.Contains(c.Use, "IMAGE") {
		c.ValidArgsFunction = cobra.NoFileCompletions
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
