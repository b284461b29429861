package cli

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// settingsCommand shows and changes settings by the names they have in JSON, so that a new one needs
// nothing here.
func (p *program) settingsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "settings [NAME=VALUE…]", Short: p.Words.T("cli.settings.short"),
		RunE: func(cmd *cobra.Command, args []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			s, err := agent.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			for _, arg := range args {
				name, value, _ := strings.Cut(arg, "=")
				if !strings.Contains(arg, "=") || !change(&s.Settings, name, value) {
					return p.usage(p.Words.T("cli.error.setting", "Text", i18n.Plain(arg)))
				}
			}
			switch {
			case len(args) > 0:
				return agent.SetSettings(cmd.Context(), s.Settings)
			case p.json:
				return p.printJSON(s.Settings)
			}
			return p.print(settingLines(s.Settings))
		},
	}
}

// settingLines lists settings as they can be given back.
func settingLines(s localapi.Settings) string {
	var lines []string
	for i, v := 0, reflect.ValueOf(s); i < v.NumField(); i++ {
		text := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			text = strings.Join(list, ",")
		}
		lines = append(lines, i18n.Plain(settingName(v.Type().Field(i))+"="+text))
	}
	return strings.Join(lines, "\n")
}

// change sets the setting that is called name in JSON, and reports whether there is one that takes the
// value. Lists are separated by commas.
func change(s *localapi.Settings, name, value string) bool {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if settingName(v.Type().Field(i)) != name {
			continue
		}
		switch field := v.Field(i); field.Kind() {
		case reflect.Bool:
			yes, err := strconv.ParseBool(value)
			field.SetBool(yes)
			return err == nil
		case reflect.Int:
			n, err := strconv.Atoi(value)
			field.SetInt(int64(n))
			return err == nil
		case reflect.String:
			field.SetString(value)
			return true
		case reflect.Slice:
			field.SetZero()
			if value != "" {
				field.Set(reflect.ValueOf(strings.Split(value, ",")))
			}
			return true
		}
	}
	return false
}

func settingName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
