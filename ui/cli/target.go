package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

// deviceListTime is how long a command waits for an agent that has just started to know its devices:
// longer than for one that does not answer at all.
const deviceListTime = localapi.AnswerTime + 5*time.Second

// knownDevices returns the devices, waiting for a list that is still being fetched.
func (p *program) knownDevices(ctx context.Context, agent *localapi.Client) ([]localapi.Device, error) {
	ctx, cancel := context.WithTimeout(ctx, deviceListTime)
	defer cancel()
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return nil, p.listNotKnown(ctx, err)
		}
		s := update.Snapshot
		if s.Storage.Locked {
			return nil, &localapi.Error{Code: localapi.CodeLocked, Message: s.Storage.Problem}
		}
		if s.Account.State != localapi.SignedIn && !s.Storage.WaitingForKeyring {
			return nil, &localapi.Error{Code: localapi.CodeNotSignedIn}
		}
		if s.Account.DevicesUnavailable {
			return nil, &failure{exit: ExitNoDevice, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.devices_unavailable")}
		}
		if s.Devices.Known {
			return s.Devices.Items, nil
		}
		if s.Devices.Problem != "" {
			return nil, &failure{exit: ExitFailed, code: localapi.CodeOffline, message: i18n.Plain(s.Devices.Problem)}
		}
	}
	return nil, p.listNotKnown(ctx, ctx.Err())
}

// listNotKnown tells a list that did not come in time from an agent that went away.
func (p *program) listNotKnown(ctx context.Context, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return &failure{exit: ExitFailed, code: localapi.CodeOffline, message: p.Words.T("cli.error.no_device_list"), hint: p.Words.T("cli.hint.status")}
	}
	return err
}

// able tells what a command needs of a device.
type able func(localapi.Device) bool

func canReceive(d localapi.Device) bool { return !d.This && d.CanReceiveTabs }
func canClose(d localapi.Device) bool   { return !d.This && d.CanCloseTabs }

// targets chooses devices: by the names given, all of them, or the one used last.
func (p *program) targets(devices []localapi.Device, names []string, all bool, fits able) ([]localapi.Device, error) {
	fitting := slices.DeleteFunc(slices.Clone(devices), func(d localapi.Device) bool { return !fits(d) })
	if len(fitting) == 0 {
		return nil, &failure{exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.no_devices"), hint: p.Words.T("cli.hint.connect_device")}
	}
	if all {
		return fitting, nil
	}
	if len(names) == 0 {
		return p.lastUsed(fitting)
	}
	var chosen []localapi.Device
	for _, name := range names {
		d, err := p.byName(fitting, devices, name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(chosen, func(c localapi.Device) bool { return c.ID == d.ID }) {
			chosen = append(chosen, d)
		}
	}
	return chosen, nil
}

// lastUsed returns the device something was sent to last; with one device there is nothing to choose.
func (p *program) lastUsed(fitting []localapi.Device) ([]localapi.Device, error) {
	last := slices.MaxFunc(fitting, func(a, b localapi.Device) int { return a.LastSentTo.Compare(b.LastSentTo) })
	if len(fitting) > 1 && last.LastSentTo.IsZero() {
		return nil, &failure{
			exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.which_device"),
			hint: p.Words.T("cli.hint.to", "Names", nameList(fitting)),
		}
	}
	return []localapi.Device{last}, nil
}

// byName finds one device: an exact name or id goes before a prefix; case does not matter.
func (p *program) byName(fitting, all []localapi.Device, name string) (localapi.Device, error) {
	fold := strings.ToLower(strings.TrimSpace(name))
	var exact, prefixed []localapi.Device
	for _, d := range fitting {
		have := strings.ToLower(d.Name)
		switch {
		case fold == "":
		case have == fold || d.ID == name:
			exact = append(exact, d)
		case strings.HasPrefix(have, fold):
			prefixed = append(prefixed, d)
		}
	}
	found := exact
	if len(found) == 0 {
		found = prefixed
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		f := &failure{
			exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.no_such_device", "Name", i18n.Plain(name)),
			hint: p.Words.T("cli.hint.to", "Names", nameList(fitting)),
		}
		if slices.ContainsFunc(all, func(d localapi.Device) bool { return fold != "" && strings.HasPrefix(strings.ToLower(d.Name), fold) }) {
			f.message = p.Words.T("cli.error.device_cannot", "Name", i18n.Plain(name))
		}
		return localapi.Device{}, f
	default:
		return localapi.Device{}, &failure{
			exit: ExitNoDevice, code: localapi.CodeNoDevice,
			message: p.Words.T("cli.error.several_devices", "Name", i18n.Plain(name)),
			hint:    p.Words.T("cli.hint.several", "Names", nameList(found)),
		}
	}
}

// nameList lists devices for a hint; two of the same name are told apart by their ids.
func nameList(devices []localapi.Device) string {
	var names []string
	for _, d := range devices {
		name := i18n.Plain(d.Name)
		if device.Twice(d, devices) || name == "" {
			name = strings.TrimSpace(name + " (" + d.ID + ")")
		}
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return strings.Join(names, ", ")
}
