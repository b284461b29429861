// Package widget holds what the panes of a window are made of: rows and lists of them, options,
// buttons and fields, surfaces, layouts, texts, icons and the theme that colours them.
//
// It knows nothing of what is shown: words come in as arguments, deeds as functions. Everything
// that can be pressed answers to the pointer, to Return and to the space bar, draws a ring when it
// has the keyboard focus, has a name for screen readers, and hands Escape to its OnEscape.
//
// Setters such as Set, Say and Relabel draw nothing anew unless something changes, so that a pane
// may be brought in line with its model as often as it likes. All of it belongs to Fyne's goroutine.
package widget
