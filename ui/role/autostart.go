package role

import (
	"context"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/desktop"
)

// autostart makes the desktop start the agent at login as the settings say.
func (f *faces) autostart(ctx context.Context) error {
	if f.demo {
		return nil // it is thrown away
	}
	program, err := desktop.SelfProgram()
	if err != nil {
		return err
	}
	entry := desktop.Autostart{Program: program, Args: []string{"agent"}}
	told := "" // a fault that lasts is logged once, not with every update
	for update, err := range f.client.Watch(ctx, localapi.FaceAutostart) {
		if err != nil {
			return nil // the agent ends
		}
		if update.Snapshot.Revision == 0 || update.Snapshot.Storage.Locked {
			continue // the settings are not known yet
		}
		err := setAutostart(entry, update.Snapshot.Settings.StartAtLogin)
		if err != nil && err.Error() != told {
			told = err.Error()
			f.log.Error("starting at login could not be changed", "error", err)
		}
	}
	return nil
}

// setAutostart writes or removes the entry unless it is as wanted.
func setAutostart(entry desktop.Autostart, want bool) error {
	is, err := entry.Enabled()
	if err != nil || is == want {
		return err
	}
	return entry.Set(want)
}
