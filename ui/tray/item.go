package tray

// Item is one line of the menu.
type Item struct {
	// Label is plain text. An Item without one is a separator.
	Label    string
	Disabled bool
	// Checkable items show a mark when Checked.
	Checkable, Checked bool
	// Do is what a click does; it names everything the click is about, so that a line never
	// changes its meaning under the pointer.
	Do Action
	// Items are the lines of a submenu.
	Items []Item
}

// Separator reports whether the item is a line between groups.
func (i Item) Separator() bool { return i.Label == "" }

// Verb is what a click does.
type Verb string

// The verbs.
const (
	DoNothing Verb = ""
	DoSend    Verb = "send"    // sends Link to Device
	DoOpen    Verb = "open"    // opens Link and marks Entry as read
	DoShow    Verb = "show"    // opens the window with Pane
	DoQuiet   Verb = "quiet"   // silences notifications for QuietTime
	DoUnquiet Verb = "unquiet" // ends the silence
	DoLook    Verb = "look"    // tells the agent that somebody looks at the menu
	DoQuit    Verb = "quit"
)

// Action is a verb with its objects.
type Action struct {
	Do     Verb
	Link   string
	Device string
	Entry  string
	Pane   string
}

// The panes of the window that the menu opens.
const (
	paneSignIn  = "signin"
	paneSend    = "send"
	paneInbox   = "inbox"
	panePair    = "pair"
	paneDefault = "" // the window chooses
)
