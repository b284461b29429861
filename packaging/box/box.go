//go:build linux

// Package box starts a desktop in a box: an X server without a screen, a private D-Bus session, a
// keyring, a window manager, a panel with a tray and a notification daemon, all in a folder of its
// own. The desktop tests, `make shots` and `make demo` without a display run the real program in it.
//
// It uses Debian's packages (see packaging/system-packages.sh, goal "desktop") and touches nothing of
// the user's own desktop: home, configuration, data, cache and runtime folders all lie in Params.Dir.
package box

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Params says what is in the box.
type Params struct {
	// Dir is where everything lives; it must exist. Its path must be short enough for Unix sockets.
	Dir string
	// Width and Height are the screen's size in pixels; zero means 1280x800.
	Width, Height int
	Keyring       Keyring
	// Bare leaves everything out but the bus and the keyring: for programs that nobody looks at.
	Bare bool
	// NoPanel leaves the panel out: a desktop without a tray host.
	NoPanel bool
	// NoNotifications leaves the notification daemon out, for tests that own its name themselves or begin
	// one later.
	NoNotifications bool
	// Log receives what the programs print; nil discards it. It is a file, not any writer, because a
	// program that stays behind (xclip does) would keep whoever copies its output waiting.
	Log *os.File
}

// Box is a running desktop.
type Box struct {
	// Dir is Params.Dir.
	Dir string
	// Display is the X display, for example ":7".
	Display string
	// Bus is the address of the session bus.
	Bus string

	env   []string
	log   *os.File
	procs []*exec.Cmd
	bus   *exec.Cmd
}

// Start builds the desktop and returns once all of it answers. On error nothing is left running.
func Start(ctx context.Context, p Params) (*Box, error) {
	if p.Width == 0 {
		p.Width, p.Height = 1280, 800
	}
	b := &Box{Dir: p.Dir, log: p.Log}
	if err := b.start(ctx, p); err != nil {
		return nil, errors.Join(fmt.Errorf("box: %w", err), b.Close())
	}
	return b, nil
}

func (b *Box) start(ctx context.Context, p Params) error {
	if err := b.folders(p); err != nil {
		return err
	}
	if !p.Bare {
		if err := b.display(ctx, p); err != nil {
			return err
		}
		b.env = append(b.env, "DISPLAY="+b.Display)
	}
	b.Bus = "unix:path=" + filepath.Join(b.Dir, "run", "bus")
	b.env = append(b.env, "DBUS_SESSION_BUS_ADDRESS="+b.Bus)
	if err := b.run("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+b.Bus); err != nil {
		return err
	}
	b.bus = b.procs[len(b.procs)-1]
	if err := b.until(ctx, "dbus-send", "--session", "--dest=org.freedesktop.DBus", "--type=method_call", "--print-reply", "/", "org.freedesktop.DBus.GetId"); err != nil {
		return err
	}
	if err := b.keyring(ctx, p.Keyring); err != nil || p.Bare {
		return err
	}
	if err := b.run("xfwm4", "--compositor=off"); err != nil {
		return err
	}
	if !p.NoPanel {
		if err := b.run("xfce4-panel", "--disable-wm-check"); err != nil {
			return err
		}
		if err := b.untilOwned(ctx, "org.kde.StatusNotifierWatcher"); err != nil {
			return err
		}
	}
	if !p.NoNotifications {
		if err := b.run("dunst"); err != nil {
			return err
		}
		if err := b.untilOwned(ctx, "org.freedesktop.Notifications"); err != nil {
			return err
		}
	}
	return nil
}

// folders makes the private home and the environment that points at it.
func (b *Box) folders(p Params) error {
	inside := func(name string) string { return filepath.Join(b.Dir, name) }
	for _, dir := range []string{"home", "home/.cache", "config", "data", "cache", "run"} {
		if err := os.MkdirAll(inside(dir), 0o700); err != nil {
			return err
		}
	}
	panel := inside("config/xfce4/xfconf/xfce-perchannel-xml")
	if err := os.MkdirAll(panel, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(panel, "xfce4-panel.xml"), []byte(panelChannel), 0o600); err != nil {
		return err
	}
	if p.NoNotifications { // nor may the bus start one: the first folder that names a service decides
		services := inside("data/dbus-1/services")
		if err := os.MkdirAll(services, 0o700); err != nil {
			return err
		}
		none := "[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/bin/false\n"
		if err := os.WriteFile(filepath.Join(services, "org.freedesktop.Notifications.service"), []byte(none), 0o600); err != nil {
			return err
		}
	}
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "DBUS_"), strings.HasPrefix(name, "FYNE_"),
			strings.HasPrefix(name, "TABFERRY_"), strings.HasPrefix(name, "LC_"),
			name == "HOME", name == "DISPLAY", name == "WAYLAND_DISPLAY", name == "LANG", name == "LANGUAGE",
			name == "GNOME_KEYRING_CONTROL", name == "SSH_AUTH_SOCK":
		default:
			b.env = append(b.env, line)
		}
	}
	b.env = append(b.env,
		"HOME="+inside("home"), "XDG_CONFIG_HOME="+inside("config"), "XDG_DATA_HOME="+inside("data"),
		"XDG_CACHE_HOME="+inside("cache"), "XDG_RUNTIME_DIR="+inside("run"), "XDG_CURRENT_DESKTOP=XFCE",
		"LANG=C.UTF-8", "GTK_THEME=Greybird", "NO_AT_BRIDGE=1")
	return nil
}

// display starts the X server on a display number of its own choosing.
func (b *Box) display(ctx context.Context, p Params) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	// No key repeats itself: between press and release a busy machine may take longer than a hand.
	cmd := b.Command("Xvfb", "-r", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", p.Width, p.Height), "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{write}
	err = b.launch(cmd)
	if closeErr := write.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	number := make(chan string, 1)
	go func() { // ends when the server has answered or has gone, or when read is closed
		line, err := bufio.NewReader(read).ReadString('\n')
		if err != nil {
			line = "" // the receiver reports that there is no display
		}
		number <- strings.TrimSpace(line)
	}()
	select {
	case n := <-number:
		if n == "" {
			return errors.New("the X server (Xvfb) did not start")
		}
		b.Display = ":" + n
		return nil
	case <-time.After(Patience):
		return errors.New("the X server (Xvfb) did not say its display number in time")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Command prepares a program of the box: its environment, its log, a process group of its own.
func (b *Box) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) // #nosec G204 -- the box runs what its tests name
	cmd.Env = append([]string(nil), b.env...)
	cmd.Dir = b.Dir
	if b.log != nil {
		cmd.Stdout, cmd.Stderr = b.log, b.log
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// run starts a program that stays until Close.
func (b *Box) run(name string, args ...string) error { return b.launch(b.Command(name, args...)) }

func (b *Box) launch(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	b.procs = append(b.procs, cmd)
	return nil
}

func (b *Box) untilOwned(ctx context.Context, name string) error {
	err := b.until(ctx, "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetNameOwner", "string:"+name)
	if err != nil {
		return fmt.Errorf("nobody offers %s: %w", name, err)
	}
	return nil
}

// until repeats a command until it succeeds.
func (b *Box) until(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	var failed error
	err := Until(ctx, func() bool {
		cmd := b.Command(name, args...)
		cmd.Stdout, cmd.Stderr = nil, nil
		failed = cmd.Run()
		return failed == nil
	})
	if err != nil {
		return failed
	}
	return nil
}

// StopBus makes the session bus answer nobody any more, though it takes connections.
func (b *Box) StopBus() error { return b.bus.Process.Signal(syscall.SIGSTOP) }

// ResumeBus lets it go on.
func (b *Box) ResumeBus() error { return b.bus.Process.Signal(syscall.SIGCONT) }

// Close ends every program of the box, newest first, and waits for them.
func (b *Box) Close() error {
	var errs []error
	for i := len(b.procs) - 1; i >= 0; i-- {
		errs = append(errs, stop(b.procs[i]))
	}
	b.procs = nil
	return errors.Join(errs...)
}

// stop asks a process group to end, and makes it end after a grace of two seconds.
func stop(cmd *exec.Cmd) error {
	group := -cmd.Process.Pid
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was told to end: its exit status says nothing
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
	if err := syscall.Kill(group, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-done
	return nil
}

// panelChannel is a panel at the top with a task list, a tray and a clock.
const panelChannel = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
        <value type="int" value="4"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-3" type="string" value="systray"/>
    <property name="plugin-4" type="string" value="clock"/>
  </property>
</channel>
`
