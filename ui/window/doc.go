// Package window is Tabferry's window: a face of the agent made with Fyne.
//
// It holds no account state of its own. A model keeps the newest [localapi.Snapshot] that
// [localapi.Client.Watch] brought and derives from it what the panes show; what a person does becomes
// a call to the agent, and its effect comes back as the next snapshot. When the agent goes away the
// window says so and connects again by itself; when the agent says that it is quitting, the window
// closes.
//
//	w, err := window.New(window.Params{App: app, Agent: client, Pane: window.PaneSend, …})
//	w.ShowAndRun() // returns after the window has been closed and everything it started has ended
//
// One file holds one pane (signin.go, send.go, inbox.go, …), made of the parts in ui/widget; model.go
// and the files beside it that draw nothing hold every decision worth testing without a screen:
// notice.go, inbox_groups.go, words.go, the view of a sent tab in sent.go. All texts come from
// [i18n.Catalogue]. Text that comes from other devices, such as titles and device names, is drawn
// as plain text with control characters removed, never as markup.
//
// Everything that touches a widget runs on the one goroutine that Params.Post posts to. Calls to
// the agent run beside it and post their results back; Close ends them and waits.
//
// The package does not import Fyne's app package, so that it builds and is tested without cgo, GL
// or a display: the caller makes the [fyne.App].
package window
