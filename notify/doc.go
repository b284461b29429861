// Package notify turns what happens into desktop notifications.
//
// A [Notifier] watches the agent like any other face. Each kind of event has one notification
// that replaces itself, so that nothing piles up: a burst of tabs is one notification with a
// count. Clicks do what the buttons say; opening and copying are passed in.
//
//	n, err := notify.New(notify.Params{Agent: client, Backend: notify.NewBackend(…), Open: …, Copy: …, Show: …})
//	err = n.Run(ctx)
//
// Texts that other devices chose (tab titles, device names) are treated as hostile: control and
// bidirectional characters never get through, the host of a link comes first, queries are never
// shown, and every [Backend] escapes or drops what its platform would interpret.
//
// On Linux and the BSDs the backend speaks org.freedesktop.Notifications itself (Desktop
// Notifications Specification 1.2). On Windows and macOS beeep shows them; it
// cannot report clicks, so the text then says where to find the tabs.
package notify
