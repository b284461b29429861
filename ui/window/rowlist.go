package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// rowList keeps one row for each id, so that an update touches only the rows that changed and the
// keyboard focus stays where it is.
type rowList struct {
	widget.BaseWidget
	box    *fyne.Container
	rows   map[string]*row
	escape func()
}

func newRowList(escape func()) *rowList {
	l := &rowList{box: vstack(0), rows: map[string]*row{}, escape: escape}
	l.ExtendBaseWidget(l)
	return l
}

// CreateRenderer draws the rows.
func (l *rowList) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(l.box) }

// set shows the rows in this order. Ids must differ from each other.
func (l *rowList) set(specs []rowSpec) {
	objects := make([]fyne.CanvasObject, 0, len(specs))
	kept := make(map[string]*row, len(specs))
	for i, spec := range specs {
		r := l.rows[spec.id]
		if r == nil {
			r = newRow(l.escape)
		}
		r.set(spec, i == 0)
		kept[spec.id] = r
		objects = append(objects, r)
	}
	l.rows = kept
	replace(l.box, objects)
}
