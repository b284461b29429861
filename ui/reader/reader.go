// Package reader holds what a screen reader is told of a window: a tree of what is on the screen, with
// names, roles, states and what can be done with each part.
//
// It knows no toolkit and no bus. A window makes the tree ([Screen]); a bridge such as package atspi reads
// it as often as it needs while somebody listens, finds out what has changed with [Changes], and tells that.
// While nobody listens nobody asks, and the window spends nothing.
package reader

import (
	"context"
	"errors"
	"image"
)

// Role is what a part of the screen is.
type Role string

// The roles that a window has.
const (
	Window       Role = "window"
	Dialog       Role = "dialog"
	Heading      Role = "heading"
	Label        Role = "label"
	Notification Role = "notification" // read aloud when it appears
	Button       Role = "button"
	Tab          Role = "tab" // shows a pane
	List         Role = "list"
	Row          Role = "row" // of a list
	CheckBox     Role = "check box"
	RadioButton  Role = "radio button"
	Field        Role = "field"
	SecretField  Role = "secret field"
	Choice       Role = "choice" // one of several words, which open below it
	Menu         Role = "menu"
	MenuItem     Role = "menu item"
	Picture      Role = "picture"
)

// State is a set of what can be said of a part at a moment.
type State uint

// The states.
const (
	Enabled   State = 1 << iota // answers to a press or to typing
	Focusable                   // may have the keyboard focus
	Focused                     // has it
	Showing                     // lies within the frame it scrolls in
	Checkable                   // may be checked or chosen
	Checked                     // is it
	Lines                       // a field of several lines
	Modal                       // a dialog that everything else waits for
	Active                      // a window that takes what is typed
)

// Node is one part of the screen. A tree is never changed once it has been handed over.
type Node struct {
	// ID stays the same as long as the part exists, and belongs to no other part later. The window's is 0.
	ID   int
	Role Role
	// Name is what is read aloud. Hint explains more, or is what an empty field shows.
	Name, Hint string
	States     State
	// Bounds is where the part lies within the window, in pixels.
	Bounds image.Rectangle
	// Text is what stands in a field, never that of a secret one, and Caret where the next letter goes,
	// counted in runes.
	Text  string
	Caret int

	Children []*Node

	// What can be done with the part, nil for what cannot: pressing it, giving it the keyboard focus, putting
	// another text into it. Each belongs to the window's goroutine: see [Screen].
	Press, Focus func()
	Put          func(text string)
}

// Is reports whether all these states hold.
func (n *Node) Is(s State) bool { return n.States&s == s }

// ErrClosed says that there is nothing to see any more.
var ErrClosed = errors.New("reader: the window has closed")

// Screen is a window that can be read. Its methods may be called on any goroutine.
type Screen interface {
	// Look returns what is on the screen now. It fails when ctx ends, or with ErrClosed.
	Look(ctx context.Context) (*Node, error)
	// Do runs one of the deeds of a node on the window's goroutine, later.
	Do(deed func())
}
