package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// writeUsage says how a command is used, in the person's language. It is no template: the engine for those
// calls methods by names made while running, for which a linker keeps every method of every type.
func (p *program) writeUsage(c *cobra.Command) error {
	_, err := io.WriteString(c.OutOrStderr(), p.usageOf(c))
	return err
}

// help says what a command is for and how it is used; where that could not be written is the command's error.
func (p *program) help(c *cobra.Command) error {
	_, err := io.WriteString(c.OutOrStdout(), strings.TrimRight(cmp.Or(c.Long, c.Short), " \n")+"\n\n"+p.usageOf(c))
	return err
}

// badFlag says what is wrong with an option, in the person's language.
func (p *program) badFlag(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return p.usage(p.Words.T("cli.error.unknown_flag", "Name", "-"+i18n.Plain(unknown.GetSpecifiedName())))
	case errors.As(err, &unknown):
		return p.usage(p.Words.T("cli.error.unknown_flag", "Name", "--"+i18n.Plain(unknown.GetSpecifiedName())))
	case errors.As(err, &missing):
		return p.usage(p.Words.T("cli.error.flag_needs_value", "Name", "--"+missing.GetFlag().Name))
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "duration":
		return p.noDuration(invalid.GetValue())
	case errors.As(err, &invalid):
		return p.badValue(invalid.GetFlag().Name, invalid.GetValue())
	}
	return p.usage(err.Error())
}

// badValue says that an option does not take a value.
func (p *program) badValue(flag, value string) error {
	return p.usage(p.Words.T("cli.error.flag_value", "Name", "--"+flag, "Value", i18n.Plain(value)))
}

func (p *program) noDuration(text string) error {
	return &failure{
		exit: ExitUsage, code: localapi.CodeUsage,
		message: p.Words.T("cli.error.duration", "Text", i18n.Plain(text)), hint: p.Words.T("cli.hint.duration"),
	}
}

func (p *program) usageOf(c *cobra.Command) string {
	t := p.Words.T
	var b strings.Builder
	part := func(head, text string) { fmt.Fprintf(&b, "\n\n%s:\n%s", head, strings.TrimRight(text, " \n")) }

	fmt.Fprintf(&b, "%s:", t("cli.usage.head"))
	if c.Runnable() {
		fmt.Fprintf(&b, "\n  %s", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n  %s %s", c.CommandPath(), t("cli.usage.command"))
	}
	if c.HasExample() {
		part(t("cli.usage.examples"), c.Example)
	}
	if c.HasAvailableSubCommands() {
		var all strings.Builder
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&all, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
		part(t("cli.usage.commands"), all.String())
	}
	if c.HasAvailableLocalFlags() {
		part(t("cli.usage.options"), strings.ReplaceAll(c.LocalFlags().FlagUsages(), "(default ", "("+t("cli.usage.else")+" "))
	}
	if c.HasAvailableInheritedFlags() {
		part(t("cli.usage.options_everywhere"), c.InheritedFlags().FlagUsages())
	}
	b.WriteByte('\n')
	return b.String()
}
