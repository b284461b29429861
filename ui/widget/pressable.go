package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// pressable is under every widget of ours that can be pressed, by pointer or by keyboard. Its ground
// shows where the pointer is and what has the focus.
type pressable struct {
	widget.BaseWidget
	// OnEscape is what the Escape key does while the widget has the focus; nil for nothing.
	OnEscape func()

	self             fyne.CanvasObject
	press            func() // nil for nothing to press
	ground           *canvas.Rectangle
	hovered, focused bool
}

// prepare makes the ground of a widget; press is what pressing does.
func (p *pressable) prepare(self fyne.CanvasObject, press func()) {
	p.self, p.press, p.ground = self, press, canvas.NewRectangle(color.Transparent)
	p.ground.CornerRadius = 8
}

// Tapped presses.
func (p *pressable) Tapped(*fyne.PointEvent) {
	if p.press != nil {
		p.press()
	}
}

// TypedKey presses by Return and the space bar, and hands Escape on.
func (p *pressable) TypedKey(e *fyne.KeyEvent) { typed(e, p.Tapped, p.OnEscape) }

// typed answers to the keys of everything that can be pressed.
func typed(e *fyne.KeyEvent, tapped func(*fyne.PointEvent), escape func()) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		tapped(nil)
	case fyne.KeyEscape:
		if escape != nil {
			escape()
		}
	}
}

// TypedRune ignores letters.
func (p *pressable) TypedRune(rune) {}

// FocusGained draws the ring, where it can be seen.
func (p *pressable) FocusGained() {
	p.focused = true
	p.Refresh()
	reveal(p.self)
}

// FocusLost removes the ring.
func (p *pressable) FocusLost() { p.focused = false; p.Refresh() }

// MouseIn lights the ground up.
func (p *pressable) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.Refresh() }

// MouseMoved is part of being hoverable.
func (p *pressable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends what MouseIn began.
func (p *pressable) MouseOut() { p.hovered = false; p.Refresh() }

// AccessibilityRole is a button's: Fyne has no closer word yet for boxes, rows and entries.
func (p *pressable) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// paint colours the ground; an empty fill leaves room for the light of the pointer.
func (p *pressable) paint(fill fyne.ThemeColorName) {
	if fill == "" && p.hovered && p.press != nil {
		fill = theme.ColorNameHover
	}
	p.ground.FillColor, p.ground.StrokeColor, p.ground.StrokeWidth = named(fill), nil, 0
	if p.focused {
		p.ground.StrokeColor, p.ground.StrokeWidth = named(ColorRing), ringWidth
	}
}
