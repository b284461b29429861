package reader

// Place is where a node hangs in its tree.
type Place struct {
	Node   *Node
	Parent *Node // nil for the window
	Index  int   // among its parent's children
}

// Tree finds the nodes of a tree by their ids.
type Tree map[int]Place

// Plant makes the tree below a node.
func Plant(root *Node) Tree {
	t := Tree{}
	t.add(root, nil, 0)
	return t
}

func (t Tree) add(n, parent *Node, index int) {
	t[n.ID] = Place{Node: n, Parent: parent, Index: index}
	for i, child := range n.Children {
		t.add(child, n, i)
	}
}

// Kind is what has changed.
type Kind string

// The kinds of changes.
const (
	Added    Kind = "added"    // Node hangs below Parent now, with all that is below it
	Removed  Kind = "removed"  // Node hung below Parent
	Renamed  Kind = "renamed"  // another name
	Hinted   Kind = "hinted"   // another hint
	Switched Kind = "switched" // the states in States have come or gone
	Typed    Kind = "typed"    // another text; Before is what stood there
	Moved    Kind = "moved"    // the caret
	Appeared Kind = "appeared" // a notification has come, or says something else
)

// Change is one difference between two trees.
type Change struct {
	Kind   Kind
	Node   *Node
	Parent *Node // of what was added or removed
	Index  int   // among the parent's children, for the same
	States State // that have changed
	Before string
}

// Changes returns what makes one tree into another, in the order in which it is to be told: what has gone,
// what has come, what is different, and at last where the keyboard focus is.
func Changes(before, now *Node) []Change {
	old, fresh := Plant(before), Plant(now)
	var list []Change
	each(before, nil, 0, func(p Place) bool {
		kept := fresh.hangs(p)
		if !kept {
			list = append(list, Change{Kind: Removed, Node: p.Node, Parent: p.Parent, Index: p.Index})
		}
		return kept
	})
	each(now, nil, 0, func(p Place) bool {
		kept := old.hangs(p)
		if !kept {
			list = append(list, Change{Kind: Added, Node: p.Node, Parent: p.Parent, Index: p.Index})
		}
		return kept
	})
	var last []Change
	each(now, nil, 0, func(p Place) bool {
		was := old[p.Node.ID].Node
		more, focus := differences(was, p.Node)
		list = append(list, more...)
		last = append(last, focus...)
		return true
	})
	return append(list, last...)
}

// hangs reports whether the same part is in the tree, below the same parent.
func (t Tree) hangs(p Place) bool {
	other, ok := t[p.Node.ID]
	if !ok || (p.Parent == nil) != (other.Parent == nil) {
		return false
	}
	return p.Parent == nil || p.Parent.ID == other.Parent.ID
}

// each visits a tree from its root on; visit says whether to go on below.
func each(n, parent *Node, index int, visit func(Place) bool) {
	if !visit(Place{Node: n, Parent: parent, Index: index}) {
		return
	}
	for i, child := range n.Children {
		each(child, n, i, visit)
	}
}

// differences compares a node with what it was, nil for one that is new. That it has the focus now is told
// apart.
func differences(was, now *Node) (list, focus []Change) {
	isNew := was == nil
	if isNew {
		was = &Node{Name: now.Name, Hint: now.Hint, Text: now.Text, Caret: now.Caret, States: now.States &^ (Focused | Active)}
	}
	if now.Role == Notification && (isNew || was.Name != now.Name) {
		list = append(list, Change{Kind: Appeared, Node: now})
	}
	if was.Name != now.Name {
		list = append(list, Change{Kind: Renamed, Node: now})
	}
	if was.Hint != now.Hint {
		list = append(list, Change{Kind: Hinted, Node: now})
	}
	if was.Text != now.Text {
		list = append(list, Change{Kind: Typed, Node: now, Before: was.Text})
	}
	if was.Caret != now.Caret {
		list = append(list, Change{Kind: Moved, Node: now})
	}
	changed := was.States ^ now.States
	if changed&Focused != 0 && now.Is(Focused) {
		focus = append(focus, Change{Kind: Switched, Node: now, States: Focused})
		changed &^= Focused
	}
	if changed != 0 {
		list = append(list, Change{Kind: Switched, Node: now, States: changed})
	}
	return list, focus
}
