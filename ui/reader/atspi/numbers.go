package atspi

import "github.com/tabferry/tabferry/ui/reader"

// role is a number of AtspiRole, with its name.
type role struct {
	number uint32
	name   string
}

var application = role{75, "application"}

var roles = map[reader.Role]role{
	reader.Window:       {23, "frame"},
	reader.Dialog:       {16, "dialog"},
	reader.Heading:      {83, "heading"},
	reader.Label:        {29, "label"},
	reader.Notification: {101, "notification"},
	reader.Button:       {43, "push button"},
	reader.Tab:          {37, "page tab"},
	reader.List:         {31, "list"},
	reader.Row:          {32, "list item"},
	reader.CheckBox:     {7, "check box"},
	reader.RadioButton:  {44, "radio button"},
	reader.Field:        {79, "entry"},
	reader.SecretField:  {40, "password text"},
	reader.Choice:       {11, "combo box"},
	reader.Menu:         {41, "popup menu"},
	reader.MenuItem:     {35, "menu item"},
	reader.Picture:      {27, "image"},
}

func (o object) role() role {
	if o.isApplication() {
		return application
	}
	return roles[o.Node.Role]
}

// The numbers of AtspiStateType that we use.
const (
	stateActive     = 1
	stateChecked    = 4
	stateEditable   = 7
	stateEnabled    = 8
	stateFocusable  = 11
	stateFocused    = 12
	stateModal      = 16
	stateLines      = 17
	stateSelectable = 22
	stateSelected   = 23
	stateSensitive  = 24
	stateShowing    = 25
	stateSingleLine = 26
	stateVisible    = 30
	stateCheckable  = 41
	statePopup      = 42
)

// numbered are our states with theirs.
var numbered = []struct {
	state reader.State
	name  string // in signals
	bit   int
}{
	{reader.Enabled, "enabled", stateEnabled},
	{reader.Enabled, "sensitive", stateSensitive},
	{reader.Focusable, "focusable", stateFocusable},
	{reader.Focused, "focused", stateFocused},
	{reader.Showing, "showing", stateShowing},
	{reader.Lines, "multi-line", stateLines},
	{reader.Modal, "modal", stateModal},
	{reader.Active, "active", stateActive},
}

// checks are our Checkable and Checked: a tab and a row are selected, everything else is checked.
func checks(r reader.Role) (able, on int, name string) {
	if r == reader.Tab || r == reader.Row {
		return stateSelectable, stateSelected, "selected"
	}
	return stateCheckable, stateChecked, "checked"
}

// states is the set as two numbers of 32 bits.
func (o object) states() []uint32 {
	set := make([]uint32, 2)
	add := func(bits ...int) {
		for _, b := range bits {
			set[b/32] |= 1 << (b % 32)
		}
	}
	add(stateVisible)
	if o.isApplication() {
		add(stateEnabled, stateSensitive, stateShowing)
		return set
	}
	n := o.Node
	for _, s := range numbered {
		if n.Is(s.state) {
			add(s.bit)
		}
	}
	able, on, _ := checks(n.Role)
	if n.Is(reader.Checkable) {
		add(able)
	}
	if n.Is(reader.Checked) {
		add(on)
	}
	switch n.Role {
	case reader.Field, reader.SecretField:
		if n.Is(reader.Enabled) {
			add(stateEditable)
		}
		if !n.Is(reader.Lines) {
			add(stateSingleLine)
		}
	case reader.Choice:
		add(statePopup)
	}
	return set
}
