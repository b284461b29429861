package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// RowList keeps one row for each id, so that an update touches only the rows that changed and the
// keyboard focus stays where it is.
type RowList struct {
	widget.BaseWidget
	box    *fyne.Container
	rows   map[string]*Row
	escape func()
}

// NewRowList makes an empty list; escape is what the Escape key does on a row.
func NewRowList(escape func()) *RowList {
	l := &RowList{box: VStack(0), rows: map[string]*Row{}, escape: escape}
	l.ExtendBaseWidget(l)
	return l
}

// CreateRenderer draws the rows.
func (l *RowList) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(l.box) }

// Set shows the rows in this order. Ids must differ from each other.
func (l *RowList) Set(specs []RowSpec) {
	objects := make([]fyne.CanvasObject, 0, len(specs))
	kept := make(map[string]*Row, len(specs))
	for i, spec := range specs {
		r := l.rows[spec.ID]
		if r == nil {
			r = newRow(l.escape)
		}
		r.set(spec, i == 0)
		kept[spec.ID] = r
		objects = append(objects, r)
	}
	l.rows = kept
	SetObjects(l.box, objects)
}
