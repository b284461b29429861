package role

import (
	"context"
	"runtime"

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
	entry := autostartEntry(program)
	told := ""                 // a fault that lasts is logged once, not with every update
	done, last := false, false // the entry is as the settings said last
	for update, err := range f.client.Watch(ctx, localapi.FaceAutostart) {
		if err != nil {
			return nil // the agent ends
		}
		if update.Snapshot.Revision == 0 || update.Snapshot.Storage.Locked {
			continue // the settings are not known yet
		}
		want := update.Snapshot.Settings.StartAtLogin
		if done && last == want {
			continue // updates come with every received tab
		}
		var err error
		if !done && want {
			want, err = f.stillWanted(ctx, entry, update.Snapshot.Settings)
		}
		if err == nil {
			err = setAutostart(entry, want)
		}
		done, last = err == nil, want
		if err != nil && err.Error() != told {
			told = err.Error()
			f.log.Error("starting at login could not be changed", "error", err)
		}
	}
	return nil
}

// stillWanted reports whether the agent is to start at login, which the settings say when it starts: not if the person
// has switched it off in the desktop's own list since. Then the settings say so too, and the entry goes.
func (f *faces) stillWanted(ctx context.Context, entry desktop.Autostart, settings localapi.Settings) (bool, error) {
	off, err := entry.SwitchedOff()
	if err != nil || !off {
		return true, err
	}
	settings.StartAtLogin = false
	return false, f.client.SetSettings(ctx, settings)
}

// autostartEntry is what the desktop starts at login: the agent itself, or on Windows the program that has no
// console and starts it hidden. A program of the console would open one that stays.
func autostartEntry(program string) desktop.Autostart {
	if runtime.GOOS == "windows" {
		if silent, err := desktop.FindProgram(windowName); err == nil {
			return desktop.Autostart{Program: silent, Args: roleArgs(false, "window", "--hidden")}
		}
	}
	return desktop.Autostart{Program: program, Args: roleArgs(false, "agent")}
}

// setAutostart writes or removes the entry unless it is as wanted. One that does not count is removed as well.
func setAutostart(entry desktop.Autostart, want bool) error {
	is, err := entry.Enabled()
	if err == nil && !is && !want {
		is, err = entry.SwitchedOff()
	}
	if err != nil || is == want {
		return err
	}
	return entry.Set(want)
}
