package localapi

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Choice is which devices a person means. With neither names nor all it is the device used last.
type Choice struct {
	// Names are names of devices, beginnings of names, or ids.
	Names []string `json:"names,omitempty"`
	// All is every device that can do what is asked.
	All bool `json:"all,omitempty"`
}

// Start says which program makes a call, and where it was started. A face that makes one call only says
// it with that; others use Client.UseDesktop, and compare the versions.
type Start struct {
	// Version is the program's. An agent of another one refuses with CodeUnsupported and does nothing.
	Version string `json:"version"`
	// Desktop is what the program was started on: an agent that has none moves there.
	Desktop Desktop `json:"desktop,omitzero"`
}

// MaxSendWait is how long the answer to a send may wait for the server at most.
const MaxSendWait = 20 * time.Second

// wait is how long the answer may wait for the server.
func (r SendRequest) wait() time.Duration { return time.Duration(r.WaitMillis) * time.Millisecond }

func (r SendRequest) check() error {
	if most := int(MaxSendWait.Milliseconds()); r.WaitMillis < 0 || r.WaitMillis > most {
		return usage(fmt.Sprintf("waitMillis must be between 0 and %d", most))
	}
	if r.To != nil && len(r.Devices) > 0 {
		return usage("devices are named by ids, or chosen with to, not both")
	}
	return nil
}

// Able returns the devices that a link can be sent to, or with closing that can close tabs.
func Able(devices []Device, closing bool) []Device {
	return slices.DeleteFunc(slices.Clone(devices), func(d Device) bool {
		return d.This || closing && !d.CanCloseTabs || !closing && !d.CanReceiveTabs
	})
}

// Named returns the devices that a person may mean by name: an exact name or an id goes before the
// beginning of a name, and case does not matter.
func Named(devices []Device, name string) []Device {
	fold := strings.ToLower(strings.TrimSpace(name))
	if fold == "" {
		return nil
	}
	var exact, begun []Device
	for _, d := range devices {
		switch have := strings.ToLower(d.Name); {
		case have == fold || d.ID == name:
			exact = append(exact, d)
		case strings.HasPrefix(have, fold):
			begun = append(begun, d)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return begun
}

// LastUsed returns the device that something was sent to last, if any; with one device there is nothing
// to choose.
func LastUsed(devices []Device) (Device, bool) {
	if len(devices) == 0 {
		return Device{}, false
	}
	last := slices.MaxFunc(devices, func(a, b Device) int { return a.LastSentTo.Compare(b.LastSentTo) })
	return last, len(devices) == 1 || !last.LastSentTo.IsZero()
}
