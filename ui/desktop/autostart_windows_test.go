package desktop_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/windows/registry"

	"github.com/tabferry/tabferry/ui/desktop"
)

// What somebody switched off in the Task Manager is off, until it is switched on here.
func TestSwitchedOffInTheTaskManager(t *testing.T) {
	a := desktop.Autostart{Program: `C:\Program Files\Tabferry\tabferry.exe`, Args: []string{"agent"}}
	check := func(when string, wantOn, wantOff bool) {
		t.Helper()
		on, err := a.Enabled()
		if err != nil || on != wantOn {
			t.Errorf("%s: Enabled = %v, %v; want %v", when, on, err, wantOn)
		}
		off, err := a.SwitchedOff()
		if err != nil || off != wantOff {
			t.Errorf("%s: SwitchedOff = %v, %v; want %v", when, off, err, wantOff)
		}
	}
	set := func(on bool) {
		t.Helper()
		if err := a.Set(on); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(false) })
	set(false)
	check("at first", false, false)
	set(true)
	check("switched on", true, false)
	key, _, err := registry.CreateKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`, registry.SET_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	for first, off := range map[byte]bool{2: false, 3: true, 6: false, 7: true} {
		if err := key.SetBinaryValue(desktop.AppID, append([]byte{first}, make([]byte, 11)...)); err != nil {
			t.Fatal(err)
		}
		check("in the Task Manager", !off, off)
	}
	set(false)
	check("removed", false, false)
	set(true)
	if err := errors.Join(key.SetBinaryValue(desktop.AppID, []byte{3, 0, 0, 0}), key.Close()); err != nil {
		t.Fatal(err)
	}
	check("switched off once more", false, true)
	set(true)
	check("switched on again", true, false)
	set(false)
	check("switched off", false, false)
}
