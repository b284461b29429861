package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// writeUsage says how a command is used, in the person's language. It is no template: the engine for those
// calls methods by names made while running, for which a linker keeps every method of every type.
func (p *program) writeUsage(c *cobra.Command) error {
	_, err := io.WriteString(c.OutOrStderr(), p.usageOf(c))
	return err
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
		part(t("cli.usage.options"), c.LocalFlags().FlagUsages())
	}
	if c.HasAvailableInheritedFlags() {
		part(t("cli.usage.options_everywhere"), c.InheritedFlags().FlagUsages())
	}
	b.WriteByte('\n')
	return b.String()
}
