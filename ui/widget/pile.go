package widget

import (
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Pile puts many things with a list in each below each other. As of a long [RowList], only those are drawn that
// the [Scroll] shows, those near them, and the one that the keyboard is at; the others only keep their place, and
// have no rows.
type Pile struct {
	widget.BaseWidget
	space float32
	many  bool // there are many rows in all
	items []Piled
	drawn []int // of the items, in their order

	heights  map[fyne.CanvasObject]float32 // of the items
	ofRows   map[rowShape]float32          // of the rows in them
	tops     []float32                     // where each item begins, and at last where the pile ends
	from, to float32                       // what the scroll shows
}

// Piled is one thing of a pile, and the list in it, which [Pile.List] has made.
type Piled struct {
	Object fyne.CanvasObject
	List   *RowList
}

// NewPile makes an empty one with so much space between things.
func NewPile(space float32) *Pile {
	p := &Pile{space: space, tops: []float32{0}, heights: map[fyne.CanvasObject]float32{}, ofRows: map[rowShape]float32{}}
	p.ExtendBaseWidget(p)
	return p
}

// outOfSight is where a list is that nobody has told yet what of it can be seen.
const outOfSight = -1 << 20

// List makes a list for a thing of the pile.
func (p *Pile) List(escape func()) *RowList {
	l := NewRowList(escape)
	l.pile, l.from, l.to = p, outOfSight, outOfSight
	return l
}

// Expect tells how many rows there will be in all, before the lists are set.
func (p *Pile) Expect(rows int) {
	many := rows > wholeRows
	if p.many == many {
		return
	}
	p.many = many
	for _, item := range p.items {
		item.List.Set(item.List.specs)
	}
	clear(p.heights)
}

// Set shows these things; changed are those whose list is another than before.
func (p *Pile) Set(items []Piled, changed []fyne.CanvasObject) {
	if len(changed) == 0 && slices.Equal(p.items, items) {
		return
	}
	p.items = items
	before := p.heights
	p.heights = make(map[fyne.CanvasObject]float32, len(items))
	for _, item := range items {
		if height, known := before[item.Object]; known {
			p.heights[item.Object] = height
		}
	}
	for _, o := range changed {
		delete(p.heights, o)
	}
	p.drawn = nil
	p.measure()
	p.choose()
	p.redraw()
}

// measure finds out where each thing lies; what is drawn may have another height than before.
func (p *Pile) measure() {
	for _, i := range p.drawn {
		delete(p.heights, p.items[i].Object)
	}
	p.tops = append(p.tops[:0], 0)
	top := float32(0)
	for _, item := range p.items {
		height, known := p.heights[item.Object]
		if !known {
			height = item.Object.MinSize().Height
			p.heights[item.Object] = height
		}
		top += height + p.space
		p.tops = append(p.tops, top)
	}
}

// see tells the pile which part of it, from its top, the scroll shows.
func (p *Pile) see(from, to float32) {
	p.from, p.to = from, to
	if p.choose() {
		p.redraw()
	}
}

// choose picks what is drawn, and reports whether that has changed.
func (p *Pile) choose() (changed bool) {
	first := sort.Search(len(p.items), func(i int) bool { return p.tops[i+1] >= p.from-aroundSight })
	last := sort.Search(len(p.items), func(i int) bool { return p.tops[i] > p.to+aroundSight })
	before := p.drawn
	p.drawn = nil
	for i, item := range p.items {
		if !p.many || i >= first && i < last || item.List.kept() {
			p.drawn = append(p.drawn, i)
		}
	}
	return !slices.Equal(before, p.drawn)
}

func (p *Pile) redraw() {
	for _, i := range p.drawn {
		p.items[i].List.see(p.from-p.tops[i], p.to-p.tops[i])
	}
	p.lay(p.Size().Width)
	canvas.Refresh(p)
}

func (p *Pile) lay(width float32) {
	for _, i := range p.drawn {
		p.items[i].Object.Move(fyne.NewPos(0, p.tops[i]))
		p.items[i].Object.Resize(fyne.NewSize(width, p.tops[i+1]-p.tops[i]-p.space))
	}
}

func (p *Pile) held() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, 0, len(p.drawn))
	for _, i := range p.drawn {
		objects = append(objects, p.items[i].Object)
	}
	return objects
}

// CreateRenderer draws what is near.
func (p *Pile) CreateRenderer() fyne.WidgetRenderer { return &pileRenderer{p} }

type pileRenderer struct{ pile *Pile }

func (r *pileRenderer) Layout(size fyne.Size) {
	r.pile.measure()
	r.pile.lay(size.Width)
}

func (r *pileRenderer) MinSize() fyne.Size {
	r.pile.measure()
	var size fyne.Size
	for _, o := range r.pile.held() {
		size.Width = max(size.Width, o.MinSize().Width)
	}
	size.Height = max(0, r.pile.tops[len(r.pile.items)]-r.pile.space)
	return size
}

// Refresh asks everything anew: the theme may be another.
func (r *pileRenderer) Refresh() {
	clear(r.pile.heights)
	clear(r.pile.ofRows)
	for _, item := range r.pile.items {
		item.List.tops = nil
	}
	r.pile.measure()
	r.pile.redraw()
}

func (r *pileRenderer) Objects() []fyne.CanvasObject { return r.pile.held() }

func (r *pileRenderer) Destroy() {}
