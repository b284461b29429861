package cli

import (
	"cmp"
	"context"
	"errors"
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
func (p *program) knownDevices(ctx context.Context, agent *localapi.Client, wait time.Duration) (none localapi.DeviceList, _ error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return none, p.listNotKnown(ctx, err)
		}
		s := update.Snapshot
		if s.Storage.Locked {
			return none, &localapi.Error{Code: localapi.CodeLocked, Message: s.Storage.Problem}
		}
		if s.Account.State != localapi.SignedIn && !s.Storage.WaitingForKeyring {
			return none, &localapi.Error{Code: localapi.CodeNotSignedIn}
		}
		if s.Account.DevicesUnavailable {
			return none, &failure{exit: ExitNoDevice, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.devices_unavailable")}
		}
		if s.Devices.Known {
			return s.Devices, nil
		}
		if s.Devices.Problem != "" {
			return none, &failure{exit: ExitFailed, code: localapi.CodeOffline, message: i18n.Plain(s.Devices.Problem)}
		}
	}
	return none, p.listNotKnown(ctx, ctx.Err())
}

// listNotKnown tells a list that did not come in time from an agent that went away.
func (p *program) listNotKnown(ctx context.Context, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return &failure{exit: ExitFailed, code: localapi.CodeOffline, message: p.Words.T("cli.error.no_device_list"), hint: p.Words.T("cli.hint.status")}
	}
	return err
}

// lookUp does something with the list of devices. With again, where that finds no device, it is done once more with
// a newer list, before anybody says no.
func (p *program) lookUp(ctx context.Context, agent *localapi.Client, again bool, find func(known []localapi.Device) error) error {
	known, err := p.knownDevices(ctx, agent, deviceListTime)
	if err != nil {
		return err
	}
	err = find(known.Items)
	if !again || !notFound(err) || agent.Refreshed(ctx, localapi.RefreshMissing) != nil {
		return err
	}
	if known, err = p.knownDevices(ctx, agent, deviceListTime); err != nil {
		return err
	}
	return find(known.Items)
}

// notFound reports whether an error says that a device was looked for in vain.
func notFound(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.code == localapi.CodeNoDevice
}

// targets chooses devices: by the names given, all of them, or the one used last.
func (p *program) targets(devices []localapi.Device, s sending) ([]localapi.Device, error) {
	fitting := localapi.Able(devices, s.close)
	if len(fitting) == 0 {
		return nil, &failure{exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.no_devices"), hint: p.Words.T("cli.hint.connect_device")}
	}
	if s.all {
		return fitting, nil
	}
	if len(s.to) == 0 {
		return p.lastUsed(fitting)
	}
	var chosen []localapi.Device
	for _, name := range s.to {
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

// lastUsed returns the device something was sent to last.
func (p *program) lastUsed(fitting []localapi.Device) ([]localapi.Device, error) {
	last, ok := localapi.LastUsed(fitting)
	if !ok {
		return nil, &failure{
			exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.which_device"),
			hint: p.Words.T("cli.hint.to", "Names", nameList(fitting)),
		}
	}
	return []localapi.Device{last}, nil
}

// byName finds one device.
func (p *program) byName(fitting, all []localapi.Device, name string) (localapi.Device, error) {
	switch found := localapi.Named(fitting, name); len(found) {
	case 1:
		return found[0], nil
	case 0:
		f := &failure{
			exit: ExitNoDevice, code: localapi.CodeNoDevice, message: p.Words.T("cli.error.no_such_device", "Name", i18n.Plain(name)),
			hint: p.Words.T("cli.hint.to", "Names", nameList(fitting)),
		}
		if len(localapi.Named(all, name)) > 0 {
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
