package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop"
)

// settingsCommand shows and changes settings by the names they have in JSON, so that a new one needs
// nothing here.
func (p *program) settingsCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "settings [NAME=VALUE…]", Short: t("cli.settings.short"), Long: t("cli.settings.long"), Args: cobra.ArbitraryArgs,
		Example: "  tabferry settings get server\n  tabferry settings set browser='firefox --new-tab %u' notifications=true\n  tabferry settings set openFrom='Pixel 9,Laptop' open=from\n  tabferry settings set server=",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.listSettings(cmd.Context())
			}
			return p.setSettings(cmd.Context(), args)
		},
	}
	names := func(suffix string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return func(*cobra.Command, []string, string) (all []string, _ cobra.ShellCompDirective) {
			for _, name := range settingNames() {
				all = append(all, name+suffix)
			}
			return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: t("cli.settings.list.short"), Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return p.listSettings(cmd.Context()) },
		},
		&cobra.Command{
			Use: "get NAME", Short: t("cli.settings.get.short"), Args: cobra.ExactArgs(1), ValidArgsFunction: names(""),
			RunE: func(cmd *cobra.Command, args []string) error { return p.getSetting(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "set NAME=VALUE…", Short: t("cli.settings.set.short"), Args: cobra.MinimumNArgs(1), ValidArgsFunction: names("="),
			RunE: func(cmd *cobra.Command, args []string) error { return p.setSettings(cmd.Context(), args) },
		},
	)
	return cmd
}

// present settings, of an agent that is started if need be.
func (p *program) settings(ctx context.Context) (*localapi.Client, localapi.Snapshot, error) {
	agent, err := p.agent(ctx)
	if err != nil {
		return nil, localapi.Snapshot{}, err
	}
	s, err := agent.Snapshot(ctx)
	return agent, s, err
}

// listSettings lists all settings as they can be given back.
func (p *program) listSettings(ctx context.Context) error {
	_, s, err := p.settings(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(s.Settings)
	}
	for _, name := range settingNames() {
		if err := p.print(i18n.Plain(name + "=" + settingText(setting(&s.Settings, name)))); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) getSetting(ctx context.Context, name string) error {
	_, s, err := p.settings(ctx)
	if err != nil {
		return err
	}
	v := setting(&s.Settings, name)
	if !v.IsValid() {
		return p.noSetting(name)
	}
	if p.json {
		return p.printJSON(v.Interface())
	}
	return p.print(i18n.Plain(settingText(v)))
}

// setSettings changes all that is named, or nothing.
func (p *program) setSettings(ctx context.Context, args []string) error {
	agent, s, err := p.settings(ctx)
	if err != nil {
		return err
	}
	err = p.changes(&s, args)
	if notFound(err) && agent.Refreshed(ctx, localapi.RefreshMissing) == nil { // it may be a new one
		if s, err = agent.Snapshot(ctx); err == nil {
			err = p.changes(&s, args)
		}
	}
	if err != nil {
		return err
	}
	if err := agent.SetSettings(ctx, s.Settings); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(s.Settings)
	}
	if s.Account.State == localapi.SignedIn && !s.Settings.UsesAccount() {
		return p.print(p.Words.T("cli.settings.unused"))
	}
	return nil
}

// changes sets settings as they are written on the command line.
func (p *program) changes(s *localapi.Snapshot, args []string) error {
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return p.usage(p.Words.T("cli.error.setting", "Text", i18n.Plain(arg)))
		}
		if err := p.change(s, name, value); err != nil {
			return err
		}
	}
	return nil
}

// change sets one setting to a value as a person writes it: lists are separated by commas, and devices go
// by name; an empty one is the built-in one. What the agent alone can judge it refuses itself.
func (p *program) change(s *localapi.Snapshot, name, value string) error {
	v := setting(&s.Settings, name)
	if !v.IsValid() {
		return p.noSetting(name)
	}
	if value == "" {
		builtIn := localapi.DefaultSettings()
		v.Set(setting(&builtIn, name))
		return nil
	}
	if err := p.checkSetting(name, value); err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		yes, err := strconv.ParseBool(value)
		if err != nil {
			return p.oneOf(name, "true", "false")
		}
		v.SetBool(yes)
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return p.usage(p.Words.T("cli.error.setting_number", "Name", name))
		}
		v.SetInt(int64(n))
	case reflect.String:
		v.SetString(value)
	case reflect.Slice:
		ids, err := p.deviceIDs(s.Devices.Items, s.Settings.OpenFrom, value)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(ids))
	default:
		panic("cli: a setting of a kind that nobody can write: " + name)
	}
	return nil
}

// checkSetting refuses values that the agent cannot judge, or not name the choice of.
func (p *program) checkSetting(name, value string) error {
	switch name {
	case "browser":
		check := p.CheckBrowser
		if check == nil {
			return nil
		}
		err := check(value)
		if errors.Is(err, desktop.ErrNoSuchBrowser) {
			return p.usage(p.Words.T("cli.error.browser_missing", "Name", i18n.Plain(value)))
		}
		if err != nil {
			return p.usage(p.Words.T("cli.error.browser_command", "Why", i18n.Plain(err.Error())))
		}
	case "language":
		if !slices.Contains(i18n.Languages(), value) {
			return p.oneOf(name, i18n.Languages()...)
		}
	case "appearance":
		if !slices.Contains(localapi.Appearances(), value) {
			return p.oneOf(name, slices.DeleteFunc(localapi.Appearances(), func(a string) bool { return a == "" })...)
		}
	case "open":
		if all := localapi.OpenPolicies(); !slices.Contains(all, localapi.OpenPolicy(value)) {
			var names []string
			for _, one := range all {
				names = append(names, string(one))
			}
			return p.oneOf(name, names...)
		}
	}
	return nil
}

// deviceIDs are the ids of devices named by id or name, separated by commas. One that is chosen already may
// name a device that is gone: it may come back.
func (p *program) deviceIDs(devices []localapi.Device, chosen []string, value string) ([]string, error) {
	var ids []string
	for _, name := range strings.Split(value, ",") {
		if strings.TrimSpace(name) == "" {
			continue
		}
		if slices.Contains(chosen, name) {
			ids = append(ids, name)
			continue
		}
		d, err := p.byName(devices, devices, name)
		if f := (*failure)(nil); errors.As(err, &f) {
			f.hint = p.Words.T("cli.hint.several", "Names", nameList(devices))
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, d.ID)
	}
	return ids, nil
}

func (p *program) noSetting(name string) error {
	return &failure{
		exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.no_setting", "Name", i18n.Plain(name)),
		hint: p.Words.T("cli.hint.settings", "Names", strings.Join(settingNames(), ", ")),
	}
}

func (p *program) oneOf(name string, values ...string) error {
	return p.usage(p.Words.T("cli.error.setting_one_of", "Name", name, "Values", strings.Join(values, ", ")))
}

// settingNames are the names of all settings, in the order that they are written down in.
func settingNames() (names []string) {
	for f := range reflect.TypeFor[localapi.Settings]().Fields() {
		names = append(names, settingName(f))
	}
	return names
}

// setting is the setting called name in JSON, invalid if there is none.
func setting(s *localapi.Settings, name string) reflect.Value {
	for f, v := range reflect.ValueOf(s).Elem().Fields() {
		if settingName(f) == name {
			return v
		}
	}
	return reflect.Value{}
}

func settingText(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}

func settingName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
